"""The hospital's days, edited by its people; years that are not entered have the fixed holidays."""

from datetime import date, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from assistant.desk.calendar import repository, rules
from assistant.desk.calendar.schemas import CalendarDay, DayIn, DayKind, Hours, WorkingTime
from core_api.kit.yaml_text import load_yaml

HOSPITAL_ZONE = ZoneInfo("Asia/Shanghai")
BACK, AHEAD = timedelta(days=7), timedelta(days=rules.HORIZON_DAYS)


def zone_of(session: Session) -> ZoneInfo:
    """The hospital's zone, as the composition root has put it into the session."""
    zone = session.info.get("zone")
    return zone if isinstance(zone, ZoneInfo) else HOSPITAL_ZONE


def days(session: Session, year: int) -> list[CalendarDay]:
    """A year's days that differ from their weekday."""
    return repository.between(session, date(year, 1, 1), date(year, 12, 31))


def days_between(session: Session, first: date, last: date) -> list[CalendarDay]:
    """Days of a stretch that differ from their weekday; fixed holidays for years without any entry."""
    found = {one.day: one for one in repository.between(session, first, last)}
    for year in range(first.year, last.year + 1):
        if not repository.count(session, date(year, 1, 1), date(year, 12, 31)):
            fixed = {
                day: CalendarDay(day=day, kind=kind, name="法定节假日") for day, kind in rules.fixed_days(year).items()
            }
            found |= {day: one for day, one in fixed.items() if first <= day <= last}
    return sorted(found.values(), key=lambda one: one.day)


def holidays(session: Session, first: date, last: date) -> frozenset[date]:
    """The public holidays of a stretch."""
    return frozenset(day for day, kind in kinds(session, first, last).items() if kind == "holiday")


def kinds(session: Session, first: date, last: date) -> dict[date, DayKind]:
    return {one.day: one.kind for one in days_between(session, first, last)}


def working_time(session: Session, hours: tuple[Hours, ...], at: datetime) -> WorkingTime:
    """Working time with these hours around a moment."""
    zone = zone_of(session)
    today = at.astimezone(zone).date()
    return WorkingTime(zone=zone, hours=hours, days=kinds(session, today - BACK, today + AHEAD))


def put_day(session: Session, day: date, change: DayIn) -> CalendarDay:
    made = CalendarDay(day=day, kind=change.kind, name=change.name)
    repository.put(session, made)
    return made


def remove_day(session: Session, day: date) -> None:
    repository.remove(session, day)


def load_library(session: Session) -> None:
    """Enters the announced days of years that have no entry yet."""
    listed = load_yaml(files("assistant.desk.calendar").joinpath("library/days.yaml").read_text("utf-8"))
    for year, entries in listed.items():
        if repository.count(session, date(year, 1, 1), date(year, 12, 31)):
            continue
        for entry in entries:
            first, last = entry["days"][0], entry["days"][-1]
            for offset in range((last - first).days + 1):
                day = first + timedelta(days=offset)
                repository.put(session, CalendarDay(day=day, kind=entry["kind"], name=entry["name"]))
