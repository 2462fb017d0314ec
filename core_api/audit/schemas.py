"""What the audit log shows."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class AuditFilter(BaseModel):
    """Which rows; None means any."""

    model_config = ConfigDict(frozen=True)

    actor_id: UUID | None = None
    subject_kind: str | None = None
    subject_id: str | None = None
    action: str | None = None


class AuditView(BaseModel):
    """One row."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    at: datetime
    actor_id: UUID | None
    action: str
    subject_kind: str
    subject_id: str
    purpose: str
