from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_api.questionnaires.conditions import condition_holds, kind_of
from core_api.questionnaires.rules import (
    check_value,
    evaluate_alerts,
    next_item,
    option_label,
    read_value,
    score,
    value_label,
)
from core_api.questionnaires.schemas import AnswerValue, Condition, Questionnaire
from tests.core_api.questionnaires.builders import item, questionnaire, when

pytestmark = pytest.mark.unit

FEVER = questionnaire(
    item("fever"),
    item("temperature", "decimal", minimum=35, maximum=42, enable_when=[when("fever", "=", True)]),
    item("message", "text"),
    alert_rules=[
        {"key": "high", "level": "red", "text": "高热", "when": [when("temperature", ">=", 38.5)]},
        {
            "key": "unmeasured",
            "level": "orange",
            "text": "未量体温",
            "when": [when("fever", "=", True), when("temperature", "exists", False)],
        },
    ],
)


def asked(definition: Questionnaire, answers: dict[str, AnswerValue], skipped: set[str] | None = None) -> str | None:
    found = next_item(definition, answers, skipped or set())
    return found.link_id if found else None


class TestNextItem:
    def test_first_comes_first(self) -> None:
        assert asked(FEVER, {}) == "fever"

    def test_a_branch_opens_with_its_answer(self) -> None:
        assert asked(FEVER, {"fever": True}) == "temperature"

    def test_a_branch_stays_closed_otherwise(self) -> None:
        assert asked(FEVER, {"fever": False}) == "message"

    def test_a_skipped_item_is_not_asked_again_and_opens_no_branch(self) -> None:
        assert asked(FEVER, {}, {"fever"}) == "message"

    def test_the_end_is_none(self) -> None:
        assert asked(FEVER, {"fever": False}, {"message"}) is None

    def test_a_corrected_answer_closes_the_branch_behind_it(self) -> None:
        definition = questionnaire(
            item("a"),
            item("b", enable_when=[when("a", "=", True)]),
            item("c", enable_when=[when("b", "=", True)]),
        )
        assert asked(definition, {"a": True, "b": True}) == "c"
        assert asked(definition, {"a": False, "b": True}) is None

    def test_any_opens_with_one_condition(self) -> None:
        conditions = [when("a", "=", True), when("b", "=", True)]
        definition = questionnaire(item("a"), item("b"), item("c", enable_when=conditions, enable_behavior="any"))
        assert asked(definition, {"a": False, "b": True}) == "c"
        assert asked(definition, {"a": False, "b": False}) is None

    @given(st.dictionaries(st.sampled_from(["fever", "temperature", "message", "other"]), st.booleans()))
    def test_never_asks_what_is_answered_and_ends(self, answers: dict[str, AnswerValue]) -> None:
        skipped: set[str] = set()
        for _ in range(len(FEVER.items) + 1):
            found = next_item(FEVER, answers, skipped)
            if found is None:
                return
            assert found.link_id not in skipped
            skipped.add(found.link_id)
        pytest.fail("asks for ever")


class TestConditionHolds:
    @pytest.mark.parametrize(
        ("operator", "wanted", "value", "holds"),
        [
            ("=", True, True, True),
            ("=", 1, True, False),
            ("=", "a", ("a", "b"), True),
            ("!=", "c", ("a", "b"), True),
            ("!=", "a", "b", True),
            ("!=", "a", None, False),
            (">", 38.0, 38.0, False),
            (">=", 38.0, 38, True),
            ("<", 38.0, 37.9, True),
            ("<=", 38, 38.1, False),
            (">", date(2026, 1, 1), date(2026, 1, 2), True),
            (">", date(2026, 1, 1), "nonsense", False),
            ("exists", True, "x", True),
            ("exists", False, None, True),
            ("exists", True, None, False),
        ],
    )
    def test_as_written(self, operator: Any, wanted: Any, value: Any, holds: bool) -> None:
        assert condition_holds(Condition(question="q", operator=operator, answer=wanted), value) is holds

    @pytest.mark.parametrize("answer", ["0", "86400", "1", "2026-1-1"])
    def test_a_code_of_digits_stays_a_code(self, answer: str) -> None:
        assert kind_of(Condition(question="q", operator="=", answer=answer).answer) == "text"

    def test_an_iso_day_is_a_day(self) -> None:
        assert Condition.model_validate(when("q", "=", "2026-01-01")).answer == date(2026, 1, 1)


class TestCheckValue:
    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("boolean", True),
            ("choice", "a"),
            ("multi_choice", ("a", "b")),
            ("integer", 3),
            ("decimal", 3),
            ("decimal", 3.5),
            ("date", date(2026, 11, 5)),
            ("text", "没有"),
        ],
    )
    def test_takes_what_fits(self, kind: str, value: AnswerValue) -> None:
        assert check_value(item("x", kind), value) is None

    @pytest.mark.parametrize(
        ("kind", "value", "code"),
        [
            ("boolean", 1, "type"),
            ("choice", "z", "option"),
            ("choice", True, "type"),
            ("multi_choice", ("a", "z"), "option"),
            ("multi_choice", (), "type"),
            ("integer", 3.5, "type"),
            ("integer", True, "type"),
            ("integer", 11, "range"),
            ("decimal", -0.1, "range"),
            ("decimal", float("nan"), "type"),
            ("date", "十一月", "type"),
            ("text", "  ", "type"),
            ("display", "x", "type"),
        ],
    )
    def test_says_what_does_not_fit(self, kind: str, value: AnswerValue, code: str) -> None:
        problem = check_value(item("x", kind), value)
        assert problem is not None
        assert problem.code == code
        assert problem.message.endswith("。")

    @pytest.mark.parametrize(
        ("bounds", "value", "hint"),
        [
            ({"minimum": 35, "maximum": 42, "unit": "℃"}, 50.0, "35到42℃之间"),
            ({"minimum": None}, 11.0, "不超过10"),
            ({"maximum": None}, -1.0, "不低于0"),
        ],
    )
    def test_names_the_range(self, bounds: dict[str, Any], value: float, hint: str) -> None:
        problem = check_value(item("x", "decimal", **bounds), value)
        assert problem is not None
        assert hint in problem.message


class TestReadValue:
    @pytest.mark.parametrize(
        ("kind", "raw", "value"),
        [
            ("date", "2026-11-05", date(2026, 11, 5)),
            ("date", date(2026, 11, 5), date(2026, 11, 5)),
            ("date", "上周三", "上周三"),
            ("date", 5, None),
            ("multi_choice", ["a", "b"], ("a", "b")),
            ("integer", 3.0, 3),
            ("integer", 3.5, 3.5),
            ("text", "2026-11-05", "2026-11-05"),
            ("text", None, None),
            ("text", {"a": 1}, None),
        ],
    )
    def test_gives_the_items_own_type(self, kind: str, raw: object, value: AnswerValue | None) -> None:
        assert read_value(item("x", kind), raw) == value


class TestEvaluateAlerts:
    @pytest.mark.parametrize(
        ("answers", "rules"),
        [
            ({"fever": True, "temperature": 38.5}, ["high"]),
            ({"fever": True, "temperature": 38.4}, []),
            ({"fever": True}, ["unmeasured"]),
            ({"fever": False, "temperature": 39.0}, []),
            ({}, []),
        ],
    )
    def test_only_counting_answers_alarm(self, answers: dict[str, AnswerValue], rules: list[str]) -> None:
        assert [hit.rule_key for hit in evaluate_alerts(FEVER, answers)] == rules


class TestScore:
    OPTIONS = (
        {"code": "a", "display": "好", "key": "1", "score": 5},
        {"code": "b", "display": "差", "key": "2"},
    )

    def definition(self, method: str) -> Questionnaire:
        scale = {
            "key": "s",
            "title": "分",
            "items": ["c", "n", "b", "m", "unanswered"],
            "method": method,
            "bands": [{"minimum": 0, "maximum": 4, "label": "低"}, {"minimum": 4.1, "maximum": 99, "label": "高"}],
        }
        items = (item("c", "choice", options=self.OPTIONS), item("n", "integer"), item("b"))
        several = item("m", "multi_choice", options=self.OPTIONS)
        return questionnaire(*items, several, item("unanswered"), scoring=[scale])

    def test_sums_and_labels(self) -> None:
        (found,) = score(self.definition("sum"), {"c": "a", "n": 3, "b": True, "m": ("a", "b")})
        assert (found.value, found.answered, found.label) == (13, 4, "高")

    def test_averages_what_was_answered(self) -> None:
        (found,) = score(self.definition("mean"), {"c": "b", "n": 4})
        assert (found.value, found.label) == (2, "低")

    def test_without_answers_there_is_no_score(self) -> None:
        assert score(self.definition("sum"), {}) == []


class TestLabels:
    @pytest.mark.parametrize(
        ("kind", "value", "label"),
        [
            ("boolean", True, "有"),
            ("choice", "b", "乙"),
            ("multi_choice", ("a", "b"), "甲、乙"),
            ("decimal", 3.5, "3.5个"),
            ("date", date(2026, 11, 5), "2026-11-05"),
            ("text", "还好", "还好"),
            ("text", None, ""),
        ],
    )
    def test_people_read_the_value(self, kind: str, value: AnswerValue | None, label: str) -> None:
        assert value_label(item("x", kind), value) == label

    def test_an_unknown_code_shows_as_it_is(self) -> None:
        assert option_label(item("x", "choice"), "z") == "z"


class TestQuestionnaire:
    def test_an_unknown_item_is_none(self) -> None:
        assert FEVER.item("nothing") is None
