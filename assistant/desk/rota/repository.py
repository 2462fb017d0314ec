"""Queries of the rota."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from assistant.desk.calendar.rules import minutes_of
from assistant.desk.rota.models import ShiftRow
from assistant.desk.rota.schemas import Shift, ShiftIn


def all_shifts(session: Session, queue_ids: Collection[UUID] | None = None) -> list[Shift]:
    """Shifts of the queues (of all when None), and absences from any queue."""
    query = select(ShiftRow).order_by(ShiftRow.created_at, ShiftRow.id)
    if queue_ids is not None:
        query = query.where(or_(ShiftRow.queue_id.in_(queue_ids), ShiftRow.queue_id.is_(None)))
    return [_shift(row) for row in session.scalars(query)]


def one(session: Session, shift_id: UUID) -> Shift | None:
    row = session.get(ShiftRow, shift_id, populate_existing=True)
    return None if row is None else _shift(row)


def add(session: Session, row: ShiftRow) -> None:
    session.add(row)
    session.flush()


def change(session: Session, shift_id: UUID, shift: ShiftIn) -> bool:
    row = session.get(ShiftRow, shift_id)
    if row is None:
        return False
    for name, value in values(shift).items():
        setattr(row, name, value)
    session.flush()
    return True


def remove(session: Session, shift_id: UUID) -> bool:
    done = session.execute(delete(ShiftRow).where(ShiftRow.id == shift_id))
    return bool(getattr(done, "rowcount", 0))


def values(shift: ShiftIn) -> dict[str, object]:
    """A shift as columns."""
    plain = shift.model_dump(include=set(ShiftIn.model_fields) - {"start", "end", "on"})
    return plain | {
        "on_day": shift.on,
        "start_minute": minutes_of(shift.start),
        "end_minute": minutes_of(shift.end),
    }


def _shift(row: ShiftRow) -> Shift:
    return Shift(
        id=row.id,
        queue_id=row.queue_id,
        user_id=row.user_id,
        kind="absence" if row.kind == "absence" else "duty",
        weekday=row.weekday,
        on=row.on_day,
        start=_text(row.start_minute),
        end=_text(row.end_minute),
        on_holidays=row.on_holidays,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )


def _text(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
