"""The decisions on a questionnaire: what to ask next, what counts, what alarms. Pure."""

import math
from collections.abc import Container, Iterator, Mapping
from datetime import date

from core_api.questionnaires.conditions import all_hold, counting_answers, enabled
from core_api.questionnaires.definition import validate_definition
from core_api.questionnaires.schemas import (
    AlertHit,
    AnswerProblem,
    AnswerValue,
    Item,
    Questionnaire,
    Scale,
    Score,
)

__all__ = [
    "check_value",
    "counting_answers",
    "evaluate_alerts",
    "next_item",
    "option_label",
    "read_value",
    "score",
    "validate_definition",
    "value_label",
]


def next_item(
    questionnaire: Questionnaire, answers: Mapping[str, AnswerValue], skipped: Container[str] = frozenset()
) -> Item | None:
    """Decides what comes next, for every channel.

    Args:
        questionnaire: The definition.
        answers: Values by link id. Answers to items that are switched off do not count.
        skipped: Link ids done without a value: refused, left for recheck, and display items already said.

    Returns:
        The first item that is switched on and not yet done, or None at the end.
    """
    return next(open_items(questionnaire, answers, skipped), None)


def open_items(
    questionnaire: Questionnaire, answers: Mapping[str, AnswerValue], skipped: Container[str] = frozenset()
) -> Iterator[Item]:
    """What is switched on by the answers so far and not yet done, in order."""
    counting = counting_answers(questionnaire, answers)
    for item in questionnaire.items:
        done = item.link_id in counting or item.link_id in skipped
        if not done and enabled(item, counting):
            yield item


def read_value(item: Item, raw: object) -> AnswerValue | None:
    """Turns what JSON can hold into the item's own type; what does not fit is left for check_value."""
    if item.type == "date":
        return _read_date(raw)
    if item.type == "multi_choice" and isinstance(raw, list | tuple):
        return tuple(str(code) for code in raw)
    if item.type == "integer" and isinstance(raw, float) and raw.is_integer():
        return int(raw)
    return raw if isinstance(raw, bool | int | float | str) else None


def _read_date(raw: object) -> AnswerValue | None:
    """Takes an ISO text; a text that is no date stays one, for check_value to refuse."""
    if isinstance(raw, str):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            return raw
    return raw if isinstance(raw, date) else None


def check_value(item: Item, value: AnswerValue) -> AnswerProblem | None:
    """Says what is wrong with a value for an item, in words that may be spoken; None when it fits."""
    if not _type_fits(item, value):
        return AnswerProblem(code="type", message=TYPE_HINTS[item.type])
    if item.type in {"choice", "multi_choice"}:
        return _check_options(item, value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _check_range(item, value)
    return None


TYPE_HINTS = {
    "boolean": "请回答有或者没有。",
    "choice": "请从几个选项里选一个。",
    "multi_choice": "请从几个选项里选，可以选多个。",
    "integer": "请说一个整数。",
    "decimal": "请说一个数字。",
    "date": "请说一个日期，比如十一月五号。",
    "text": "请简单说一说。",
    "display": "这一句不需要回答。",
}


def _type_fits(item: Item, value: AnswerValue) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    fits = {
        "boolean": isinstance(value, bool),
        "choice": isinstance(value, str),
        "multi_choice": isinstance(value, tuple) and bool(value),
        "integer": number and isinstance(value, int),
        "decimal": number,
        "date": isinstance(value, date),
        "text": isinstance(value, str) and bool(value.strip()),
        "display": False,
    }
    return fits[item.type]


def _check_options(item: Item, value: AnswerValue) -> AnswerProblem | None:
    codes = {option.code for option in item.options}
    given = value if isinstance(value, tuple) else (value,)
    if set(given) <= codes:
        return None
    shown = "、".join(option.display for option in item.options)
    return AnswerProblem(code="option", message=f"请从这几个里选：{shown}。")


def _check_range(item: Item, value: float) -> AnswerProblem | None:
    low = -math.inf if item.minimum is None else item.minimum
    high = math.inf if item.maximum is None else item.maximum
    if low <= value <= high:
        return None
    return AnswerProblem(code="range", message=_range_hint(item))


def _range_hint(item: Item) -> str:
    unit = item.unit or ""
    if item.minimum is None:
        return f"这个数一般不超过{item.maximum:g}{unit}，请您再说一遍。"
    if item.maximum is None:
        return f"这个数一般不低于{item.minimum:g}{unit}，请您再说一遍。"
    return f"这个数一般在{item.minimum:g}到{item.maximum:g}{unit}之间，请您再说一遍。"


def evaluate_alerts(questionnaire: Questionnaire, answers: Mapping[str, AnswerValue]) -> list[AlertHit]:
    """Lists the alert rules that the counting answers meet, in the definition's order."""
    counting = counting_answers(questionnaire, answers)
    return [
        AlertHit(rule_key=rule.key, level=rule.level, text=rule.text, advice_voice=rule.advice_voice)
        for rule in questionnaire.alert_rules
        if all_hold(rule.when, rule.behavior, counting)
    ]


def score(questionnaire: Questionnaire, answers: Mapping[str, AnswerValue]) -> list[Score]:
    """Scores each scale over the items answered; a scale without any answered item is left out."""
    counting = counting_answers(questionnaire, answers)
    scored = [_score_scale(questionnaire, scale, counting) for scale in questionnaire.scoring]
    return [one for one in scored if one is not None]


def _score_scale(questionnaire: Questionnaire, scale: Scale, answers: Mapping[str, AnswerValue]) -> Score | None:
    points = [
        _points(item, answers[item.link_id])
        for item in questionnaire.items
        if item.link_id in scale.items and item.link_id in answers
    ]
    if not points:
        return None
    value = sum(points) / (len(points) if scale.method == "mean" else 1)
    label = next((band.label for band in scale.bands if band.minimum <= value <= band.maximum), None)
    return Score(key=scale.key, title=scale.title, value=round(value, 2), answered=len(points), label=label)


def _points(item: Item, value: AnswerValue) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    chosen = _codes(value)
    return sum(option.score or 0.0 for option in item.options if option.code in chosen)


def _codes(value: AnswerValue) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return value
    return (str(value).lower(),) if isinstance(value, bool) else (str(value),)


def option_label(item: Item, code: str) -> str:
    return next((option.display for option in item.options if option.code == code), code)


def value_label(item: Item, value: AnswerValue | None) -> str:
    """Shows a value to people: `有`, `38.5℃`, `2026-11-05`, or `` when there is none."""
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}{item.unit or ''}"
    return "、".join(option_label(item, code) for code in _codes(value))
