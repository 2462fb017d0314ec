from typing import Any

import pytest

from core_api.questionnaires.rules import validate_definition
from core_api.questionnaires.schemas import Item, Questionnaire
from tests.core_api.questionnaires.builders import OPTIONS, item, questionnaire, when

pytestmark = pytest.mark.unit


def codes(*items: Item, **more: Any) -> list[str]:
    return [problem.code for problem in validate_definition(questionnaire(*items, **more))]


def rule(*conditions: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    return [{"key": "r", "level": "red", "text": "预警", "when": conditions, **more}]


class TestSound:
    def test_every_type_of_item_passes(self) -> None:
        kinds = ("boolean", "choice", "multi_choice", "integer", "decimal", "date", "text", "display")
        assert codes(*(item(kind, kind) for kind in kinds)) == []

    @pytest.mark.parametrize(
        ("kind", "conditions"),
        [
            ("integer", [when("q", ">", 3), when("q", "<", 5)]),
            ("decimal", [when("q", ">=", 9.99)]),
            ("date", [when("q", ">", "2026-01-01"), when("q", "<", "2026-01-03")]),
            ("multi_choice", [when("q", "=", "a"), when("q", "=", "b")]),
            ("multi_choice", [when("q", "!=", "a")]),
            ("choice", [when("q", "!=", "a")]),
            ("text", [when("q", "=", "停药")]),
            ("boolean", [when("q", "exists", False)]),
        ],
    )
    def test_conditions_that_can_hold_pass(self, kind: str, conditions: list[dict[str, Any]]) -> None:
        assert codes(item("q", kind), item("z", enable_when=conditions), alert_rules=rule(*conditions)) == []

    def test_bounds_may_be_open_while_editing(self) -> None:
        open_item = item("q", "integer", minimum=None, maximum=None)
        assert codes(open_item, item("z", enable_when=[when("q", ">", 1000)])) == ["range"]


class TestWording:
    @pytest.mark.parametrize("field", ["text_voice", "text_chat", "text_keys", "text_rephrase"])
    def test_missing_wording_is_named(self, field: str) -> None:
        (problem,) = validate_definition(questionnaire(item("q", **{field: " "})))
        assert (problem.code, problem.link_id) == ("missing_wording", "q")
        assert field in problem.reason
        assert problem.remedy

    def test_a_closing_for_alerts_is_needed_with_rules(self) -> None:
        found = codes(item("q"), closing_alert_voice="", alert_rules=rule(when("q", "=", True)))
        assert found == ["missing_wording"]

    def test_a_closing_is_needed(self) -> None:
        assert codes(item("q"), closing_voice="") == ["missing_wording"]

    def test_a_placeholder_without_source_is_named(self) -> None:
        assert codes(item("q", text_voice="欠{owed}元")) == ["placeholder"]
        assert codes(item("q"), closing_voice="欠{owed}元") == ["placeholder"]
        assert codes(item("q", text_voice="欠{owed}元"), context=["owed"]) == []


class TestOptionsAndKeys:
    @pytest.mark.parametrize(
        ("options", "code"),
        [
            ([OPTIONS[0]], "options"),
            ([OPTIONS[0], {**OPTIONS[1], "code": "a"}], "duplicate_option"),
            ([OPTIONS[0], {**OPTIONS[1], "key": "1"}], "duplicate_key"),
            ([OPTIONS[0], {**OPTIONS[1], "key": None}], "key"),
            ([OPTIONS[0], {**OPTIONS[1], "key": "0"}], "key"),
            ([OPTIONS[0], {**OPTIONS[1], "key": "9"}], "key_wording"),
            ([OPTIONS[0], {**OPTIONS[1], "synonyms": ["甲"]}], "duplicate_synonym"),
        ],
    )
    def test_faults_are_named(self, options: list[dict[str, Any]], code: str) -> None:
        assert codes(item("q", "choice", options=options)) == [code]

    def test_a_booleans_options_are_true_and_false(self) -> None:
        assert codes(item("q", options=OPTIONS)) == ["options"]


class TestNumbers:
    @pytest.mark.parametrize(
        ("more", "code"), [({"unit": None}, "unit"), ({"minimum": None}, "range"), ({"minimum": 10}, "range")]
    )
    def test_unit_and_range_are_needed(self, more: dict[str, Any], code: str) -> None:
        assert codes(item("q", "integer", **more)) == [code]


class TestWhole:
    def test_without_questions_there_is_nothing_to_publish(self) -> None:
        assert codes(item("q", "display")) == ["empty"]

    def test_an_id_is_used_once(self) -> None:
        assert codes(item("q"), item("q")) == ["duplicate_item"]

    def test_a_rules_key_is_used_once(self) -> None:
        assert codes(item("q"), alert_rules=rule(when("q", "=", True)) * 2) == ["duplicate_rule"]

    def test_a_scale_refers_to_items(self) -> None:
        scale = {"key": "s", "title": "分", "items": ["q", "nothing"]}
        assert codes(item("q"), scoring=[scale]) == ["unknown_question"]


class TestConditions:
    @pytest.mark.parametrize(
        ("kind", "condition", "code"),
        [
            ("boolean", when("nothing", "=", True), "unknown_question"),
            ("display", when("q", "=", True), "condition"),
            ("boolean", when("q", "exists", "yes"), "condition"),
            ("boolean", when("q", ">", True), "condition"),
            ("choice", when("q", "=", "z"), "condition"),
            ("boolean", when("q", "=", "true"), "condition"),
            ("integer", when("q", "=", "3"), "condition"),
        ],
    )
    def test_a_condition_must_fit_its_question(self, kind: str, condition: dict[str, Any], code: str) -> None:
        assert code in codes(item("q", kind), item("other"), item("z", enable_when=[condition]))

    def test_so_must_a_rules(self) -> None:
        assert "unknown_question" in codes(item("q"), alert_rules=rule(when("nothing", "=", True)))


class TestPaths:
    def test_a_loop_is_named_at_each_of_its_items(self) -> None:
        first = item("a", enable_when=[when("b", "=", True)])
        second = item("b", enable_when=[when("a", "=", True)])
        problems = validate_definition(questionnaire(item("start"), first, second))
        assert [(problem.code, problem.link_id) for problem in problems] == [("loop", "a"), ("loop", "b")]

    def test_an_item_that_waits_for_itself_is_a_loop(self) -> None:
        assert codes(item("a", enable_when=[when("a", "=", True)])) == ["loop"]

    def test_a_condition_on_a_later_item_is_out_of_order(self) -> None:
        assert codes(item("a", enable_when=[when("b", "=", True)]), item("b")) == ["order"]

    @pytest.mark.parametrize(
        "conditions",
        [
            [when("n", ">", 10)],
            [when("n", ">", 5), when("n", "<", 5)],
            [when("n", ">", 4), when("n", "<", 5)],
            [when("n", "=", 3), when("n", "exists", False)],
        ],
    )
    def test_an_item_that_no_answer_reaches_is_named(self, conditions: list[dict[str, Any]]) -> None:
        assert codes(item("n", "integer"), item("z", enable_when=conditions)) == ["unreachable"]

    def test_so_is_one_behind_contradicting_branches(self) -> None:
        items = (
            item("a"),
            item("b", enable_when=[when("a", "=", True)]),
            item("c", enable_when=[when("b", "=", True), when("a", "=", False)]),
        )
        assert codes(*items) == ["unreachable"]

    def test_one_open_way_is_enough(self) -> None:
        conditions = [when("n", ">", 10), when("n", "=", 3)]
        assert codes(item("n", "integer"), item("z", enable_when=conditions, enable_behavior="any")) == []

    def test_a_rule_that_never_holds_is_named(self) -> None:
        (problem,) = validate_definition(questionnaire(item("n", "integer"), alert_rules=rule(when("n", ">", 10))))
        assert problem.code == "never_holds"
        assert "“r”" in problem.reason

    def test_deep_diamonds_are_checked_at_once(self) -> None:
        items = [item("i0"), item("i1")]
        for place in range(2, 60):
            behind = [when(f"i{place - 1}", "=", True), when(f"i{place - 2}", "=", True)]
            items.append(item(f"i{place}", enable_when=behind, enable_behavior="any"))
        assert codes(*items) == []


def test_problems_do_not_stop_at_the_first() -> None:
    definition: Questionnaire = questionnaire(item("a", text_voice=""), item("b", "integer", unit=None))
    assert [problem.link_id for problem in validate_definition(definition)] == ["a", "b"]
