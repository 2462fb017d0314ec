"""Queries of visitors."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from assistant.channels.web.models import VisitorRow
from assistant.channels.web.schemas import Visitor

BY_ID = select(VisitorRow).where(VisitorRow.id == bindparam("visitor_id")).execution_options(populate_existing=True)
"""Asked with every message."""


def add(session: Session, row: VisitorRow) -> None:
    session.add(row)
    session.flush()


def by_token(session: Session, token_hash: str, now: datetime) -> Visitor | None:
    """The visitor of a live token."""
    query = select(VisitorRow).where(VisitorRow.token_hash == token_hash, VisitorRow.expires_at > now)
    row = session.scalar(query)
    return None if row is None else _visitor(row)


def by_id(session: Session, visitor_id: UUID) -> Visitor | None:
    row = session.scalar(BY_ID, {"visitor_id": visitor_id})
    return None if row is None else _visitor(row)


def of_conversation(session: Session, conversation_id: UUID) -> Visitor | None:
    """The visitor whose conversation it is."""
    query = select(VisitorRow).where(VisitorRow.conversation_id == conversation_id)
    row = session.scalar(query.execution_options(populate_existing=True))
    return None if row is None else _visitor(row)


def identified_as(session: Session, patient_id: UUID, now: datetime) -> list[Visitor]:
    """Every visitor who is known as a patient, who was here last first."""
    row = VisitorRow
    query = select(row).where(row.patient_id == patient_id, row.identified_until > now)
    return [_visitor(one) for one in session.scalars(query.order_by(row.seen_at.desc()))]


def touch(
    session: Session, visitor_id: UUID, now: datetime, expires_at: datetime, identified_until: datetime | None
) -> None:
    """The visitor is here."""
    values = {"seen_at": now, "expires_at": expires_at, "identified_until": identified_until}
    _update(session, visitor_id, values)


def set_patient(session: Session, visitor_id: UUID, patient_id: UUID | None, until: datetime | None) -> None:
    _update(session, visitor_id, {"patient_id": patient_id, "identified_until": until})


def forget(session: Session, now: datetime) -> None:
    """Deletes visitors whose time is over; conversations stay."""
    session.execute(delete(VisitorRow).where(VisitorRow.expires_at <= now))


def _update(session: Session, visitor_id: UUID, values: Mapping[str, object]) -> None:
    statement = update(VisitorRow).where(VisitorRow.id == visitor_id).values(**values)
    session.execute(statement.execution_options(synchronize_session=False))


def _visitor(row: VisitorRow) -> Visitor:
    return Visitor.model_validate({name: getattr(row, name) for name in Visitor.model_fields})
