"""The rota's verbs: entering shifts, asking who is on duty."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.desk.calendar import service as calendar
from assistant.desk.rota import repository, rules
from assistant.desk.rota.models import ShiftRow
from assistant.desk.rota.schemas import Shift, ShiftIn, Span
from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.errors import Invalid, NotFound

MAX_DAYS = 62
NEAR = timedelta(days=2)


def add_shift(session: Session, shift: ShiftIn, clock: Clock) -> Shift:
    """Enters a shift."""
    row = ShiftRow(id=new_id(), created_at=clock.now(), **repository.values(shift))
    repository.add(session, row)
    return Shift(id=row.id, **shift.model_dump())


def change_shift(session: Session, shift_id: UUID, shift: ShiftIn) -> Shift:
    """Changes a shift.

    Raises:
        NotFound: There is none of this id.
    """
    if not repository.change(session, shift_id, shift):
        raise NotFound("没有找到这个班次", code="shift_not_found")
    return Shift(id=shift_id, **shift.model_dump())


def remove_shift(session: Session, shift_id: UUID) -> None:
    """Removes a shift; one that is not there is gone already."""
    repository.remove(session, shift_id)


def shifts(session: Session, queue_ids: Collection[UUID] | None = None) -> list[Shift]:
    return repository.all_shifts(session, queue_ids)


def spans(session: Session, first: date, last: date, queue_ids: Collection[UUID] | None = None) -> list[Span]:
    """Duty as it falls from one day to another.

    Raises:
        Invalid: More than MAX_DAYS, or the wrong way round.
    """
    if not timedelta() <= last - first <= timedelta(days=MAX_DAYS):
        raise Invalid(f"请选择不超过 {MAX_DAYS} 天的日期范围", field="to")
    days = calendar.kinds(session, first - NEAR, last + NEAR)
    zone = calendar.zone_of(session)
    return rules.spans(repository.all_shifts(session, queue_ids), first, last, days, zone)


def on_duty(session: Session, at: datetime, queue_ids: Collection[UUID] | None = None) -> list[Span]:
    """Who is on duty at a moment, span by span."""
    zone = calendar.zone_of(session)
    today = at.astimezone(zone).date()
    days = calendar.kinds(session, today - NEAR, today + NEAR)
    return rules.on_duty(repository.all_shifts(session, queue_ids), at, days, zone)


def people_on_duty(session: Session, queue_id: UUID, at: datetime) -> list[UUID]:
    """Who is on duty for a queue, each once."""
    return list(dict.fromkeys(span.user_id for span in on_duty(session, at, [queue_id]) if span.queue_id == queue_id))
