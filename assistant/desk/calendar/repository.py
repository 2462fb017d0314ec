"""Queries of days."""

from datetime import date

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from assistant.desk.calendar.models import CalendarDayRow
from assistant.desk.calendar.schemas import CalendarDay


def between(session: Session, first: date, last: date) -> list[CalendarDay]:
    row = CalendarDayRow
    found = session.scalars(select(row).where(row.day >= first, row.day <= last).order_by(row.day))
    return [CalendarDay.model_validate({"day": one.day, "kind": one.kind, "name": one.name}) for one in found]


def put(session: Session, day: CalendarDay) -> None:
    session.merge(CalendarDayRow(day=day.day, kind=day.kind, name=day.name))
    session.flush()


def remove(session: Session, day: date) -> None:
    session.execute(delete(CalendarDayRow).where(CalendarDayRow.day == day))


def count(session: Session, first: date, last: date) -> int:
    row = CalendarDayRow
    return session.scalar(select(func.count()).select_from(row).where(row.day >= first, row.day <= last)) or 0
