"""Working time: which minutes count, and when a number of them is over. Pure.

A day that is worked instead of a weekend day has the hours of a Monday; hospitals announce otherwise by an entry of
their own in the rota.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from assistant.desk.calendar.schemas import DayKind, WorkingTime

MONDAY, SATURDAY = 1, 6
HORIZON_DAYS = 400
FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
"""Regulation on Public Holidays (2024), days of the solar calendar; for years the hospital has not entered yet."""


def minutes_of(text: str) -> int:
    """Minutes since midnight of "HH:MM"."""
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def acting_weekday(day: date, days: dict[date, DayKind]) -> int | None:
    """The weekday whose hours a day has; None on a holiday."""
    kind = days.get(day)
    if kind == "holiday":
        return None
    weekday = day.isoweekday()
    return MONDAY if kind == "workday" and weekday >= SATURDAY else weekday


def spans(day: date, working: WorkingTime) -> list[tuple[datetime, datetime]]:
    """The working spans of a day, aware UTC, in order, overlapping ones joined."""
    weekday = acting_weekday(day, working.days)
    found = sorted(
        (_at(day, minutes_of(one.start), working), _at(day, minutes_of(one.end) or 24 * 60, working))
        for one in working.hours
        if one.weekday == weekday
    )
    joined: list[tuple[datetime, datetime]] = []
    for start, end in found:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif start < end:
            joined.append((start, end))
    return joined


def is_open(working: WorkingTime, at: datetime) -> bool:
    """Whether a moment is working time."""
    return any(start <= at < end for start, end in spans(at.astimezone(working.zone).date(), working))


def add_working(start: datetime, minutes: int, working: WorkingTime) -> datetime:
    """The moment at which this many working minutes after `start` are over.

    With no working time within HORIZON_DAYS the minutes are counted by the wall clock: a deadline that never comes
    would hide the case.
    """
    left = timedelta(minutes=minutes)
    for begin, end in _spans_from(start, working):
        begins = max(begin, start)
        if left <= end - begins:
            return (begins + left).astimezone(UTC)
        left -= end - begins
    return start + timedelta(minutes=minutes)


def working_minutes(start: datetime, end: datetime, working: WorkingTime) -> float:
    """Working minutes between two moments."""
    total = timedelta()
    for begin, close in _spans_from(start, working):
        if begin >= end:
            break
        total += max(timedelta(), min(close, end) - max(begin, start))
    return total.total_seconds() / 60


def next_opening(at: datetime, working: WorkingTime) -> datetime | None:
    """When working time begins next; now, if it runs; None when it does not within the horizon."""
    return next((max(begin, at) for begin, _ in _spans_from(at, working)), None)


def fixed_days(year: int) -> dict[date, DayKind]:
    """Holidays of a year that nobody has entered."""
    return {date(year, month, day): "holiday" for month, day in FIXED_HOLIDAYS}


def _spans_from(start: datetime, working: WorkingTime) -> Iterator[tuple[datetime, datetime]]:
    """Spans that end after a moment, in order."""
    first = start.astimezone(working.zone).date()
    for offset in range(HORIZON_DAYS):
        for begin, end in spans(first + timedelta(days=offset), working):
            if end > start:
                yield begin, end


def _at(day: date, minutes: int, working: WorkingTime) -> datetime:
    if minutes >= 24 * 60:
        day, minutes = day + timedelta(days=1), minutes - 24 * 60
    return datetime.combine(day, time(minutes // 60, minutes % 60), tzinfo=working.zone).astimezone(UTC)
