"""Every query of alerts. Lists join `patients` through a table clause of the few columns they show."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, String, Uuid, and_, column, func, or_, select, table, update
from sqlalchemy.orm import Session

from core_api.alerts.models import Alert
from core_api.alerts.rules import is_overdue
from core_api.alerts.schemas import AlertFilter, AlertView
from core_api.kit.crypto import unseal
from core_api.kit.db import add_once
from core_api.kit.masking import mask_name

PATIENTS = table("patients", column("id", Uuid), column("record_number", String), column("name_sealed", String))
NOTE_COLUMN = "alerts.note"
AlertRow = Row[Any]


def id_of(session: Session, source_id: UUID, rule_key: str) -> UUID | None:
    return session.scalar(select(Alert.id).where(Alert.source_id == source_id, Alert.rule_key == rule_key))


def add(session: Session, alert: Alert) -> bool:
    """Adds an alert; False when another transaction raised the same one first."""
    return add_once(session, alert)


def exists(session: Session, alert_id: UUID) -> bool:
    return session.scalar(select(Alert.id).where(Alert.id == alert_id)) is not None


def mark_acknowledged(session: Session, alert_id: UUID, values: dict[str, Any]) -> bool:
    """Acknowledges an open alert; False when it was answered already, even by a concurrent request."""
    done = session.execute(update(Alert).where(Alert.id == alert_id, Alert.acknowledged_at.is_(None)).values(**values))
    return bool(getattr(done, "rowcount", 0))


def open_calls(session: Session, call_ids: Collection[UUID]) -> set[UUID]:
    query = select(Alert.call_id).where(Alert.call_id.in_(call_ids), Alert.acknowledged_at.is_(None))
    return {found for found in session.scalars(query) if found is not None}


def one(session: Session, alert_id: UUID) -> AlertRow | None:
    return session.execute(_query([Alert.id == alert_id])).first()


def open_rows(
    session: Session, conditions: Sequence[ColumnElement[bool]], after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[AlertRow]:
    """Alerts by deadline, the most urgent first."""
    query = _query(conditions)
    if after:
        at, alert_id = after
        query = query.where(or_(Alert.ack_deadline > at, and_(Alert.ack_deadline == at, Alert.id > alert_id)))
    return session.execute(query.order_by(Alert.ack_deadline, Alert.id).limit(limit)).all()


def recent_rows(
    session: Session, conditions: Sequence[ColumnElement[bool]], after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[AlertRow]:
    """Alerts by the time they were raised, the newest first."""
    query = _query(conditions)
    if after:
        at, alert_id = after
        query = query.where(or_(Alert.raised_at < at, and_(Alert.raised_at == at, Alert.id < alert_id)))
    return session.execute(query.order_by(Alert.raised_at.desc(), Alert.id.desc()).limit(limit)).all()


def count(session: Session, conditions: Sequence[ColumnElement[bool]]) -> int:
    return session.scalar(select(func.count()).select_from(Alert).where(*conditions)) or 0


def conditions_of(wanted: AlertFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.status == "open":
        found.append(Alert.acknowledged_at.is_(None))
    elif wanted.status == "acknowledged":
        found.append(Alert.acknowledged_at.is_not(None))
    if wanted.level:
        found.append(Alert.level == wanted.level)
    if wanted.patient_id:
        found.append(Alert.patient_id == wanted.patient_id)
    return found


def overdue(now: datetime) -> list[ColumnElement[bool]]:
    return [Alert.acknowledged_at.is_(None), Alert.ack_deadline < now]


def view(session: Session, row: AlertRow, now: datetime) -> AlertView:
    """A row as people see it, the patient's name masked."""
    return AlertView(
        id=row.id,
        patient_id=row.patient_id,
        patient_name=mask_name(unseal(session, "patients.name", row.patient_id, row.name_sealed) or ""),
        record_number=row.record_number,
        level=row.level,
        rule_key=row.rule_key,
        text=row.text,
        raised_at=row.raised_at,
        ack_deadline=row.ack_deadline,
        overdue=is_overdue(row.ack_deadline, row.acknowledged_at, now),
        acknowledged_at=row.acknowledged_at,
        acknowledged_by_id=row.acknowledged_by_id,
        acknowledged_by=row.acknowledged_by,
        note=unseal(session, NOTE_COLUMN, row.id, row.note_sealed),
        source_kind=row.source_kind,
        response_id=row.response_id,
        call_id=row.call_id,
    )


def _query(conditions: Sequence[ColumnElement[bool]]) -> Any:  # noqa: ANN401 - a select over all columns of a table
    return (
        select(*Alert.__table__.columns, PATIENTS.c.record_number, PATIENTS.c.name_sealed)
        .join(PATIENTS, PATIENTS.c.id == Alert.patient_id)
        .where(*conditions)
    )
