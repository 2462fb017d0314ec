"""Queries of the audit log."""

from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core_api.audit.models import AuditEntry
from core_api.audit.schemas import AuditFilter, AuditView

_INSERT = insert(AuditEntry.__table__)  # type: ignore[arg-type]  # a mapped class's table


def add(session: Session, entry: AuditView) -> None:
    """Writes one row."""
    session.execute(_INSERT, entry.model_dump())


def newest(session: Session, wanted: AuditFilter, before: UUID | None, limit: int) -> list[AuditView]:
    """Rows newest first, older than `before`; ids are UUIDv7 and sort by time."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    for column, value in wanted.model_dump(exclude_none=True).items():
        query = query.where(getattr(AuditEntry, column) == value)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    return [AuditView.model_validate(row, from_attributes=True) for row in session.scalars(query)]
