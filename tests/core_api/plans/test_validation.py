from typing import Any

import pytest

from core_api.kit.errors import Invalid
from core_api.plans.library import dump_template, parse_template, shipped_templates
from core_api.plans.schemas import Template
from core_api.plans.validation import ItemCodes, validate_template

pytestmark = pytest.mark.unit
ITEMS: dict[str, ItemCodes] = {"q": {"result": frozenset({"good", "bad"}), "value": None}}
AFTER = {"kind": "answer", "node": "first", "item": "result"}


def template(*nodes: dict[str, Any], **values: Any) -> Template:
    defaults: dict[str, Any] = {"questionnaire_key": "q", "offset": {"days": 1}}
    body = {"key": "t", "title": "计划", "department": "", "disease": "", "type": "", "anchor": "transfer"}
    full = [{"title": node.get("key", "n"), **defaults, **node} for node in nodes or ({"key": "first"},)]
    return Template.model_validate({**body, "nodes": full, **values})


def second(*conditions: dict[str, Any], **values: Any) -> Template:
    return template({"key": "first"}, {"key": "second", "conditions": conditions, **values})


def codes(wanted: Template, items: dict[str, ItemCodes] | None = ITEMS) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.node) for problem in validate_template(wanted, items)]


class TestValidateTemplate:
    def test_a_sound_template_has_no_problem(self) -> None:
        assert codes(second({**AFTER, "value": "good"})) == []

    @pytest.mark.parametrize("shipped", shipped_templates(), ids=lambda found: found.key)
    def test_what_is_shipped_is_sound(self, shipped: Template) -> None:
        assert validate_template(shipped) == ()

    def test_the_message_says_which_node_why_and_what_to_do(self) -> None:
        (problem,) = validate_template(second({**AFTER, "node": "third", "value": "good"}))
        assert problem.message == "节点“second”依赖的节点“third”不存在，条件永远不会成立，请改为前面某个节点的 key"

    def test_a_node_that_depends_on_a_later_one_is_told(self) -> None:
        wanted = template({"key": "first", "conditions": [{**AFTER, "node": "last", "value": "good"}]}, {"key": "last"})
        assert codes(wanted) == [("later_node", "first")]

    def test_a_node_cannot_depend_on_itself(self) -> None:
        assert codes(template({"key": "first", "conditions": [{**AFTER, "value": "good"}]})) == [
            ("later_node", "first")
        ]

    def test_duplicate_keys_are_told(self) -> None:
        assert codes(template({"key": "first"}, {"key": "first"})) == [("duplicate_node", "first")]

    def test_an_unknown_questionnaire_is_told(self) -> None:
        assert codes(template({"key": "first", "questionnaire_key": "other"})) == [("unknown_questionnaire", "first")]

    def test_questionnaires_are_left_out_where_they_are_not_known(self) -> None:
        assert codes(second({**AFTER, "item": "other", "value": "good"}), None) == []

    @pytest.mark.parametrize(
        ("condition", "code"),
        [
            ({**AFTER, "item": "other", "value": "good"}, "unknown_item"),
            ({**AFTER, "value": "perfect"}, "unknown_option"),
            ({"kind": "event", "event": "wedding"}, "unknown_event"),
            ({"kind": "event", "event": "wedding", "present": False}, "unknown_event"),
            ({"kind": "event", "event": "transfer", "present": False}, "never"),
            ({"kind": "elapsed", "event": "transfer", "span": {"weeks": 40}}, "never"),
        ],
    )
    def test_a_condition_that_can_never_hold_is_told(self, condition: dict[str, Any], code: str) -> None:
        assert codes(second(condition)) == [(code, "second")]

    @pytest.mark.parametrize(
        ("first", "other", "told"),
        [
            ({**AFTER, "value": "good"}, {**AFTER, "value": "bad"}, True),
            ({**AFTER, "value": "good"}, {**AFTER, "operator": "!=", "value": "good"}, True),
            ({**AFTER, "operator": "!=", "value": "good"}, {**AFTER, "value": "bad"}, False),
            ({**AFTER, "item": "value", "operator": ">", "value": 5}, {**AFTER, "item": "value", "value": 3}, True),
            (
                {**AFTER, "item": "value", "operator": ">", "value": 5},
                {**AFTER, "item": "value", "operator": "<", "value": 3},
                True,
            ),
            (
                {**AFTER, "item": "value", "operator": "<=", "value": 5},
                {**AFTER, "item": "value", "operator": ">=", "value": 5},
                False,
            ),
            (
                {**AFTER, "item": "value", "operator": "<", "value": 5},
                {**AFTER, "item": "value", "operator": "<", "value": 3},
                False,
            ),
            ({**AFTER, "value": "good"}, {**AFTER, "item": "value", "value": 3}, False),
            ({"kind": "event", "event": "delivery"}, {"kind": "event", "event": "delivery", "present": False}, True),
            (
                {"kind": "event", "event": "delivery", "present": False},
                {"kind": "detail", "event": "delivery", "name": "way", "value": "x"},
                True,
            ),
            (
                {"kind": "elapsed", "event": "delivery", "span": {"days": 1}},
                {"kind": "event", "event": "delivery", "present": False},
                True,
            ),
            (
                {"kind": "detail", "event": "transfer", "name": "type", "value": "frozen"},
                {"kind": "detail", "event": "transfer", "name": "type", "value": "fresh"},
                True,
            ),
            ({**AFTER, "value": "good"}, {"kind": "event", "event": "delivery"}, False),
        ],
    )
    def test_conditions_that_contradict_each_other_are_told(
        self, first: dict[str, Any], other: dict[str, Any], told: bool
    ) -> None:
        assert codes(second(first, other)) == ([("contradiction", "second")] if told else [])

    @pytest.mark.parametrize(
        "node",
        [
            {"unless_events": ["transfer"]},
            {"anchor": "pregnancy_confirmed", "unless_events": ["pregnancy_confirmed"]},
        ],
    )
    def test_a_node_that_its_own_event_makes_needless_is_told(self, node: dict[str, Any]) -> None:
        assert codes(template({"key": "first", **node})) == [("never", "first")]

    @pytest.mark.parametrize(
        ("recurrence", "code"),
        [
            ([{"every": {"days": 0}}], "empty_interval"),
            ([{"every": {"days": 7}}, {"every": {"months": 1}}], "unreachable_phase"),
            (
                [{"every": {"days": 7}, "until": {"months": 3}}, {"every": {"months": 1}, "until": {"months": 2}}],
                "unreachable_phase",
            ),
        ],
    )
    def test_a_stretch_that_never_comes_is_told(self, recurrence: list[dict[str, Any]], code: str) -> None:
        assert codes(template({"key": "first", "offset": None, "recurrence": recurrence})) == [(code, "first")]

    def test_unknown_events_of_the_template_are_told(self) -> None:
        assert codes(template(anchor="wedding", episode_ends_on=["funeral"])) == [
            ("unknown_event", None),
            ("unknown_event", None),
        ]

    def test_items_of_a_created_event_must_exist(self) -> None:
        created = {"event": "delivery", "item": "result", "value": "good", "date_item": "born"}
        assert codes(template({"key": "first", "creates_event": created})) == [("unknown_item", "first")]


class TestParseTemplate:
    @pytest.mark.parametrize("shipped", shipped_templates(), ids=lambda found: found.key)
    def test_what_is_written_reads_back_the_same(self, shipped: Template) -> None:
        assert parse_template(dump_template(shipped)) == shipped

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("key: [", "template_yaml"),
            ("just words", "template_form"),
            ("key: T", "template_form"),
            ("a" * 200_001, "template_too_large"),
        ],
    )
    def test_what_is_no_template_is_refused_with_its_place(self, text: str, code: str) -> None:
        with pytest.raises(Invalid) as refused:
            parse_template(text)
        assert refused.value.code == code

    def test_a_node_needs_exactly_one_timing(self) -> None:
        with pytest.raises(ValueError, match="exactly one"):
            template({"key": "first", "recurrence": [{"every": {"days": 1}}]})
