"""Cases for people as HTTP publishes them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

CaseOutcome = Literal["done", "unreachable", "cancelled"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class PeopleCaseRow(Frozen):
    id: UUID
    target_id: UUID
    campaign_id: UUID
    task_id: UUID
    patient_id: UUID
    reason: str
    opened_at: datetime
    closed_at: datetime | None
    outcome: str | None


class PeopleFilter(Frozen):
    """Which cases: open or closed, of one campaign or of all."""

    open_only: bool = True
    campaign_id: UUID | None = None


class AttemptLine(Frozen):
    """One try as the list shows it."""

    at: datetime | None
    disposition: str | None
    label: str | None
    call_id: UUID


class PeopleLine(Frozen):
    """A case with all attempts."""

    id: UUID
    campaign_id: UUID
    campaign: str
    task_id: UUID
    patient_id: UUID
    patient_name: str
    record_number: str
    reason: str
    reason_label: str
    opened_at: datetime
    closed_at: datetime | None = None
    outcome: str | None = None
    attempts: list[AttemptLine]


class CloseCase(Frozen):
    """What a person found out; sets the task accordingly."""

    note: str = Field(default="", max_length=2000)
    outcome: CaseOutcome = "done"
