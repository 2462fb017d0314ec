"""When a condition holds, and which items a set of answers switches on. Pure."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from core_api.questionnaires.schemas import AnswerValue, Behaviour, Condition, Item, Questionnaire

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">": lambda left, right: left > right,
    "<": lambda left, right: left < right,
    ">=": lambda left, right: left >= right,
    "<=": lambda left, right: left <= right,
}


def kind_of(value: object) -> str:
    """Names what may be compared with what: `boolean`, `number`, `date`, `text` or `codes`."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, date):
        return "date"
    return "text" if isinstance(value, str) else "codes"


def condition_holds(condition: Condition, value: AnswerValue | None) -> bool:
    """Decides one condition for one answer; several codes equal a code when they contain it."""
    if condition.operator == "exists":
        return (value is not None) == bool(condition.answer)
    if value is None:
        return False
    same = condition.answer in value if isinstance(value, tuple) else _same(value, condition.answer)
    if condition.operator in {"=", "!="}:
        return same == (condition.operator == "=")
    if kind_of(value) != kind_of(condition.answer):
        return False
    return COMPARISONS[condition.operator](value, condition.answer)


def _same(left: object, right: object) -> bool:
    return kind_of(left) == kind_of(right) and left == right


def all_hold(conditions: Iterable[Condition], behaviour: Behaviour, answers: Mapping[str, AnswerValue]) -> bool:
    """Joins conditions by `all` or `any`; none at all hold."""
    results = [condition_holds(condition, answers.get(condition.question)) for condition in conditions]
    if not results:
        return True
    return all(results) if behaviour == "all" else any(results)


def enabled(item: Item, answers: Mapping[str, AnswerValue]) -> bool:
    return all_hold(item.enable_when, item.enable_behavior, answers)


def counting_answers(questionnaire: Questionnaire, answers: Mapping[str, AnswerValue]) -> dict[str, AnswerValue]:
    """Leaves out answers to items that are switched off, as when an earlier answer was corrected."""
    counting: dict[str, AnswerValue] = {}
    for item in questionnaire.items:
        if item.link_id in answers and enabled(item, counting):
            counting[item.link_id] = answers[item.link_id]
    return counting
