"""Working time, shifts and deadlines as pure rules, over random days, split shifts, nights, month ends and holidays."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.desk.calendar import rules as calendar
from assistant.desk.calendar.schemas import DayKind, Hours, WorkingTime
from assistant.desk.cases import rules as cases
from assistant.desk.queues.schemas import Queue
from assistant.desk.rota import rules as rota
from assistant.desk.rota.schemas import Shift
from core_api.kit.db import new_id

Days = Mapping[date, str]

pytestmark = pytest.mark.unit
ZONE = ZoneInfo("Asia/Shanghai")
OFFICE = tuple(
    Hours(weekday=weekday, start=start, end=end)
    for weekday in range(1, 6)
    for start, end in (("08:00", "12:00"), ("13:30", "17:30"))
)
NATIONAL_DAY: dict[date, DayKind] = {date(2026, 10, day): "holiday" for day in range(1, 8)}
NATIONAL_DAY[date(2026, 10, 10)] = "workday"
QUEUE, NURSE, DOCTOR = new_id(), new_id(), new_id()

moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
spans = st.tuples(st.integers(1, 7), st.integers(0, 22), st.integers(1, 10)).map(
    lambda it: Hours(weekday=it[0], start=f"{it[1]:02d}:00", end=f"{min(23, it[1] + it[2]):02d}:30")
)
holidays = st.sets(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=40)


def _working(hours: tuple[Hours, ...] = OFFICE, days: Days | None = None) -> WorkingTime:
    return WorkingTime.model_validate({"zone": ZONE, "hours": hours, "days": days or {}})


def _local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


class TestWorkingTime:
    @settings(max_examples=150, deadline=None)
    @given(st.lists(spans, min_size=1, max_size=8), moments, st.integers(1, 6000), holidays)
    def test_exactly_the_promised_minutes_lie_between_start_and_deadline(
        self, hours: list[Hours], start: datetime, minutes: int, off: set[date]
    ) -> None:
        working = _working(tuple(hours), dict.fromkeys(off, "holiday"))
        due = calendar.add_working(start, minutes, working)
        assert calendar.working_minutes(start, due, working) == pytest.approx(minutes)
        assert not any(
            begin <= due - timedelta(microseconds=1) < due <= begin for begin, _ in calendar.spans(due.date(), working)
        )

    @settings(max_examples=80, deadline=None)
    @given(moments, st.integers(1, 3000), st.integers(1, 3000))
    def test_a_longer_promise_is_never_due_earlier(self, start: datetime, one: int, other: int) -> None:
        working = _working(days=NATIONAL_DAY)
        assert calendar.add_working(start, one, working) <= calendar.add_working(start, one + other, working)

    @pytest.mark.parametrize(
        ("start", "minutes", "due"),
        [
            ("2026-11-20T11:50", 20, "2026-11-20T13:40"),  # over lunch
            ("2026-11-20T17:29", 2, "2026-11-23T08:01"),  # over a weekend
            ("2026-11-20T12:00", 30, "2026-11-20T14:00"),  # the edge of a shift is no more in it
            ("2026-09-30T17:00", 60, "2026-10-08T08:30"),  # over the National Day holidays
            ("2026-10-09T17:00", 60, "2026-10-10T08:30"),  # a Saturday that is worked instead
            ("2026-11-30T17:00", 60, "2026-12-01T08:30"),  # over the month's end
            ("2026-11-22T03:00", 10, "2026-11-23T08:10"),  # begins on a Sunday night
        ],
    )
    def test_examples(self, start: str, minutes: int, due: str) -> None:
        assert calendar.add_working(_local(start), minutes, _working(days=NATIONAL_DAY)) == _local(due)

    def test_without_any_hours_the_wall_clock_counts(self) -> None:
        start = _local("2026-11-20T09:00")
        assert calendar.add_working(start, 90, _working(())) == start + timedelta(minutes=90)

    def test_next_opening_and_openness_agree(self) -> None:
        working = _working()
        lunch = _local("2026-11-20T12:30")
        assert not calendar.is_open(working, lunch)
        assert calendar.next_opening(lunch, working) == _local("2026-11-20T13:30")
        assert calendar.is_open(working, _local("2026-11-20T13:30"))

    def test_a_year_nobody_entered_has_its_fixed_holidays(self) -> None:
        assert calendar.fixed_days(2030)[date(2030, 10, 1)] == "holiday"


def _shift(user: UUID = NURSE, **more: object) -> Shift:
    plain = {"id": new_id(), "queue_id": QUEUE, "user_id": user, "weekday": 1, "start": "08:00", "end": "12:00"}
    return Shift.model_validate(plain | more)


def _on(shifts: list[Shift], at: str, days: dict[date, DayKind] | None = None) -> list[UUID]:
    return [span.user_id for span in rota.on_duty(shifts, _local(at), days or {}, ZONE)]


class TestRota:
    def test_both_halves_of_a_split_day_and_nothing_between(self) -> None:
        split = [_shift(), _shift(start="13:30", end="17:30")]
        assert [_on(split, f"2026-11-23T{at}") for at in ("08:00", "12:00", "13:29", "13:30", "17:29", "17:30")] == [
            [NURSE], [], [], [NURSE], [NURSE], []
        ]  # fmt: skip

    def test_a_night_holds_after_midnight_and_over_the_months_end(self) -> None:
        night = [_shift(weekday=None, on="2026-11-30", start="20:00", end="08:00")]
        assert _on(night, "2026-11-30T23:59") == _on(night, "2026-12-01T07:59") == [NURSE]
        assert _on(night, "2026-12-01T08:00") == _on(night, "2026-11-30T19:59") == []

    def test_holidays_are_free_unless_the_shift_says_otherwise(self) -> None:
        thursday = [_shift(weekday=4), _shift(DOCTOR, weekday=4, on_holidays=True)]
        assert _on(thursday, "2026-10-01T09:00", NATIONAL_DAY) == [DOCTOR]

    def test_a_saturday_worked_instead_has_mondays_shifts(self) -> None:
        assert _on([_shift(weekday=1), _shift(DOCTOR, weekday=6)], "2026-10-10T09:00", NATIONAL_DAY) == [NURSE]

    def test_a_dated_shift_is_worked_whatever_the_day(self) -> None:
        assert _on([_shift(weekday=None, on="2026-10-01")], "2026-10-01T09:00", NATIONAL_DAY) == [NURSE]

    def test_an_absence_cuts_the_shift_of_this_person_only(self) -> None:
        away = _shift(kind="absence", queue_id=None, weekday=None, on="2026-11-23", start="09:00", end="10:00")
        shifts = [_shift(), _shift(DOCTOR), away]
        assert _on(shifts, "2026-11-23T09:30") == [DOCTOR]
        assert set(_on(shifts, "2026-11-23T10:00")) == {NURSE, DOCTOR}

    def test_a_shift_ends_with_its_validity(self) -> None:
        until = [_shift(valid_until="2026-11-22")]
        assert (_on(until, "2026-11-16T09:00"), _on(until, "2026-11-23T09:00")) == ([NURSE], [])

    @settings(max_examples=80, deadline=None)
    @given(moments, st.integers(0, 1439), st.integers(0, 1439), st.integers(1, 7))
    def test_on_duty_and_spans_never_contradict(self, at: datetime, start: int, end: int, weekday: int) -> None:
        text = [f"{minutes // 60:02d}:{minutes % 60:02d}" for minutes in (start, end)]
        shifts = [_shift(weekday=weekday, start=text[0], end=text[1], on_holidays=True)]
        day = at.astimezone(ZONE).date()
        spans_there = rota.spans(shifts, day - timedelta(days=1), day + timedelta(days=1), {}, ZONE)
        assert rota.on_duty(shifts, at, {}, ZONE) == [span for span in spans_there if span.start <= at < span.end]


class TestDeadlines:
    def _queue(self, **more: object) -> Queue:
        plain = {"id": QUEUE, "name": "随访医生", "kinds": ["advice"], "hours": OFFICE, "reply_within_minutes": 1440}
        return Queue.model_validate(plain | {"warn_before_minutes": 240} | more)

    @pytest.mark.covers("TX-1.11-3")
    def test_24_working_hours_are_three_working_days(self) -> None:
        due = cases.deadline(_local("2026-11-20T09:00"), self._queue(), _working())
        assert (due.due_at, due.warn_at) == (_local("2026-11-25T09:00"), _local("2026-11-24T14:30"))

    @settings(max_examples=80, deadline=None)
    @given(moments, st.integers(1, 4000), st.integers(0, 4000), st.sampled_from(["working", "wall"]))
    def test_the_warning_lies_between_opening_and_deadline(
        self, at: datetime, minutes: int, early: int, clock: str
    ) -> None:
        queue = self._queue(reply_within_minutes=minutes, warn_before_minutes=early, clock=clock)
        due = cases.deadline(at, queue, _working(days=NATIONAL_DAY))
        assert at <= due.warn_at <= due.due_at

    def test_a_red_flag_counts_minutes_at_any_hour(self) -> None:
        night = _local("2026-10-03T02:00")
        due = cases.urgent_deadline(night, night + timedelta(minutes=10))
        assert (due.clock, due.warn_at) == ("wall", night + timedelta(minutes=5))
