from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_api.plans.schemas import Node, Phase, Span
from core_api.plans.timetable import add, due_dates, is_empty

pytestmark = pytest.mark.unit
WEEKS, MONTHS, QUARTERS = (
    Phase(every=Span(weeks=1), until=Span(months=3), label="第{n}周"),
    Phase(every=Span(months=1), until=Span(months=12), label="第{n}个月"),
    Phase(every=Span(months=3)),
)


def node(**values: object) -> Node:
    return Node.model_validate({"key": "n", "title": "随访", "questionnaire_key": "q", **values})


class TestAdd:
    @pytest.mark.parametrize(
        ("day", "span", "times", "expected"),
        [
            (date(2026, 1, 31), Span(months=1), 1, date(2026, 2, 28)),
            (date(2028, 1, 31), Span(months=1), 1, date(2028, 2, 29)),
            (date(2026, 1, 31), Span(months=1), 2, date(2026, 3, 31)),
            (date(2026, 11, 30), Span(months=3), 1, date(2027, 2, 28)),
            (date(2026, 12, 31), Span(months=12), 1, date(2027, 12, 31)),
            (date(2026, 11, 20), Span(days=14), 1, date(2026, 12, 4)),
            (date(2026, 2, 22), Span(weeks=40), 1, date(2026, 11, 29)),
            (date(2026, 1, 30), Span(months=1, days=1), 1, date(2026, 3, 1)),
        ],
    )
    def test_months_clip_at_the_months_end_and_never_drift(
        self, day: date, span: Span, times: int, expected: date
    ) -> None:
        assert add(day, span, times) == expected

    @given(st.dates(date(2000, 1, 1), date(2060, 1, 1)), st.integers(0, 60))
    def test_a_month_is_never_skipped(self, day: date, months: int) -> None:
        result = add(day, Span(months=months))
        assert (result.year * 12 + result.month) - (day.year * 12 + day.month) == months


class TestDueDates:
    def test_an_offset_gives_one_date(self) -> None:
        found = list(due_dates(node(offset=Span(days=14)), date(2026, 11, 6), date(2027, 1, 1)))
        assert found == [(1, date(2026, 11, 20), "随访")]

    def test_an_offset_beyond_the_horizon_gives_none(self) -> None:
        assert list(due_dates(node(offset=Span(days=14)), date(2026, 11, 6), date(2026, 11, 19))) == []

    def test_weekly_then_monthly_then_quarterly(self) -> None:
        recurring = node(recurrence=(WEEKS, MONTHS, QUARTERS))
        found = list(due_dates(recurring, date(2026, 1, 31), date(2027, 12, 31)))
        days = [due for _, due, _ in found]
        assert days[0] == date(2026, 2, 7)
        assert sum(due <= date(2026, 4, 30) for due in days) == 12
        assert [due for due in days if date(2026, 4, 30) < due <= date(2027, 1, 31)][:2] == [
            date(2026, 5, 31),
            date(2026, 6, 30),
        ]
        assert [due for due in days if due > date(2027, 1, 31)] == [
            date(2027, 4, 30),
            date(2027, 7, 31),
            date(2027, 10, 31),
        ]
        assert found[0][2] == "随访（第1周）"
        assert len({number for number, _, _ in found}) == len(found)

    def test_a_recurrence_with_an_end_stops_there(self) -> None:
        ending = node(recurrence=(Phase(every=Span(days=7), until=Span(weeks=3)),))
        assert len(list(due_dates(ending, date(2026, 1, 1), date(2030, 1, 1)))) == 3

    def test_a_recurrence_never_runs_away(self) -> None:
        daily = node(recurrence=(Phase(every=Span(days=1)),))
        assert len(list(due_dates(daily, date(2000, 1, 1), date(2060, 1, 1)))) == 999

    def test_an_empty_span_is_known(self) -> None:
        assert is_empty(Span())
        assert not is_empty(Span(days=1))
