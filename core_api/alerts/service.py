"""Raising alerts, listing them, answering them."""

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.alerts import repository, rules
from core_api.alerts.models import Alert
from core_api.alerts.schemas import AlertCounts, AlertFilter, AlertIn, AlertView
from core_api.audit import service as audit
from core_api.kit.clock import Clock
from core_api.kit.crypto import seal
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict, Invalid, NotFound
from core_api.kit.outbox import publish
from core_api.kit.paging import Page, decode_cursor, encode_cursor
from core_api.kit.web import CurrentUser


def raise_alert(session: Session, alert: AlertIn, clock: Clock) -> UUID:
    """Raises an alert once per source and rule, and publishes "alert.raised".

    Returns:
        The alert's id, of the earlier one where it was raised before.
    """
    known = repository.id_of(session, alert.source_id, alert.rule_key)
    if known:
        return known
    now = clock.now()
    row = Alert(
        id=new_id(),
        raised_at=now,
        ack_deadline=alert.ack_deadline or rules.ack_deadline(alert.level, now),
        **alert.model_dump(exclude={"ack_deadline"}),
    )
    if not repository.add(session, row):
        return repository.id_of(session, alert.source_id, alert.rule_key) or row.id
    publish(session, "alert.raised", row.id, _data(row.id, alert.patient_id, alert.level), clock)
    return row.id


def open_calls(session: Session, call_ids: Collection[UUID]) -> set[UUID]:
    """Which of the calls an alert leads to that nobody has answered yet."""
    return repository.open_calls(session, call_ids)


def list_alerts(
    session: Session, wanted: AlertFilter, clock: Clock, cursor: str | None = None, limit: int = 20
) -> Page[AlertView]:
    """A page of alerts: open ones by deadline, any others by the time they were raised, newest first.

    Raises:
        Invalid: The cursor is not ours.
    """
    by_deadline = wanted.status == "open"
    conditions = repository.conditions_of(wanted)
    read = repository.open_rows if by_deadline else repository.recent_rows
    rows = read(session, conditions, _place(cursor), limit + 1)
    next_cursor = None
    if len(rows) > limit:
        last = rows[limit - 1]
        at = last.ack_deadline if by_deadline else last.raised_at
        next_cursor = encode_cursor(at.isoformat(), str(last.id))
    now = clock.now()
    return Page(
        items=[repository.view(session, row, now) for row in rows[:limit]],
        next_cursor=next_cursor,
        total=repository.count(session, conditions),
    )


def alert(session: Session, alert_id: UUID, clock: Clock) -> AlertView:
    """One alert.

    Raises:
        NotFound: There is none.
    """
    row = repository.one(session, alert_id)
    if row is None:
        raise NotFound("没有这条预警")
    return repository.view(session, row, clock.now())


def acknowledge(session: Session, alert_id: UUID, actor: CurrentUser, note: str, clock: Clock) -> AlertView:
    """Records who has seen an alert, when, and what they did; publishes "alert.acknowledged".

    Raises:
        NotFound: There is no such alert.
        Conflict: Somebody has acknowledged it already.
    """
    values = {
        "acknowledged_at": clock.now(),
        "acknowledged_by_id": actor.id,
        "acknowledged_by": actor.display_name,
        "note_sealed": seal(session, repository.NOTE_COLUMN, alert_id, note.strip() or None),
    }
    if not repository.mark_acknowledged(session, alert_id, values):
        if not repository.exists(session, alert_id):
            raise NotFound("没有这条预警")
        raise Conflict("这条预警已由他人确认，请刷新后查看", code="already_acknowledged")
    view = alert(session, alert_id, clock)
    publish(session, "alert.acknowledged", alert_id, _data(alert_id, view.patient_id, view.level), clock)
    audit.record(session, actor.id, "alert.acknowledge", "alert", alert_id, "确认预警", clock)
    return view


def counts(session: Session, clock: Clock) -> AlertCounts:
    """How many wait for an answer, and how many of these too long."""
    return AlertCounts(
        open=repository.count(session, repository.conditions_of(AlertFilter(status="open"))),
        overdue=repository.count(session, repository.overdue(clock.now())),
    )


def _data(alert_id: UUID, patient_id: UUID, level: str) -> dict[str, str]:
    return {"alert_id": str(alert_id), "patient_id": str(patient_id), "level": level}


def _place(cursor: str | None) -> tuple[datetime, UUID] | None:
    if not cursor:
        return None
    try:
        at, alert_id = decode_cursor(cursor)
        return datetime.fromisoformat(str(at)).astimezone(UTC), UUID(str(alert_id))
    except ValueError as error:
        raise Invalid("翻页位置无效，请从第一页重新查看", field="cursor") from error
