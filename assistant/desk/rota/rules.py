"""Who is on duty when: recurring and dated shifts, split days, nights, holidays, absences. Pure."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from assistant.desk.calendar.rules import acting_weekday, minutes_of
from assistant.desk.calendar.schemas import DayKind
from assistant.desk.rota.schemas import Shift, Span

DAY_MINUTES = 24 * 60
Stretch = tuple[datetime, datetime]


def spans(shifts: Iterable[Shift], first: date, last: date, days: dict[date, DayKind], zone: ZoneInfo) -> list[Span]:
    """Duty of all days from first to last as it falls, absences cut out, by start.

    A night that began on the day before `first` is among them.
    """
    known = list(shifts)
    away = [
        (one, stretch) for one in known if one.kind == "absence" for stretch in _falls(one, first, last, days, zone)
    ]
    found: list[Span] = []
    for shift in known:
        if shift.kind != "duty" or shift.queue_id is None:
            continue
        absences = [stretch for one, stretch in away if _concerns(one, shift)]
        for stretch in _falls(shift, first, last, days, zone):
            for start, end in _without(stretch, absences):
                span = Span(shift_id=shift.id, user_id=shift.user_id, queue_id=shift.queue_id, start=start, end=end)
                found.append(span)
    return sorted(found, key=lambda span: (span.start, span.end, span.user_id))


def on_duty(shifts: Iterable[Shift], at: datetime, days: dict[date, DayKind], zone: ZoneInfo) -> list[Span]:
    """The spans that hold at a moment; the end of a span is not in it."""
    today = at.astimezone(zone).date()
    return [span for span in spans(shifts, today, today, days, zone) if span.start <= at < span.end]


def _falls(shift: Shift, first: date, last: date, days: dict[date, DayKind], zone: ZoneInfo) -> list[Stretch]:
    """A shift on each of its days; nights of the day before count."""
    found = []
    for offset in range(-1, (last - first).days + 1):
        day = first + timedelta(days=offset)
        if _applies(shift, day, days):
            found.append(_stretch(shift, day, zone))
    return found


def _applies(shift: Shift, day: date, days: dict[date, DayKind]) -> bool:
    if shift.on is not None:
        return shift.on == day
    if (shift.valid_from and day < shift.valid_from) or (shift.valid_until and day > shift.valid_until):
        return False
    if shift.kind == "absence":
        return day.isoweekday() == shift.weekday
    weekday = acting_weekday(day, days)
    if weekday is None:
        return shift.on_holidays and day.isoweekday() == shift.weekday
    own = day.isoweekday() == shift.weekday
    return weekday == shift.weekday or (own and shift.on_holidays)


def _stretch(shift: Shift, day: date, zone: ZoneInfo) -> Stretch:
    start, end = minutes_of(shift.start), minutes_of(shift.end)
    if end <= start:
        end += DAY_MINUTES
    midnight = datetime.combine(day, time.min, tzinfo=zone)
    # Wall-clock arithmetic in the hospital's zone, then UTC: a zone with summer time keeps its shift edges.
    return ((midnight + timedelta(minutes=start)).astimezone(UTC), (midnight + timedelta(minutes=end)).astimezone(UTC))


def _concerns(absence: Shift, duty: Shift) -> bool:
    return absence.user_id == duty.user_id and absence.queue_id in {None, duty.queue_id}


def _without(stretch: Stretch, absences: Sequence[Stretch]) -> list[Stretch]:
    left = [stretch]
    for away_start, away_end in absences:
        left = [
            piece
            for start, end in left
            for piece in ((start, min(end, away_start)), (max(start, away_end), end))
            if piece[0] < piece[1]
        ]
    return left
