"""Which answers need a recheck, how urgently, and how values become text. Pure."""

import json
from collections.abc import Iterator, Mapping
from datetime import date

from core_api.questionnaires.rules import check_value, evaluate_alerts, read_value
from core_api.questionnaires.schemas import AnswerProblem, AnswerValue, Item, Level, Questionnaire
from core_api.responses.schemas import AnswerIn, AnswerView, JsonValue, RecheckReason

RANKS: dict[Level | None, int] = {"red": 0, "orange": 1, "yellow": 2, None: 3}


def json_value(value: AnswerValue | None) -> JsonValue:
    """What JSON keeps of a value."""
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def to_text(value: AnswerValue | None) -> str | None:
    return None if value is None else json.dumps(json_value(value), ensure_ascii=False)


def from_text(item: Item | None, text: str | None) -> AnswerValue | None:
    """Reads a kept value; an item that the version does not know is read as it stands."""
    if text is None:
        return None
    raw = json.loads(text)
    if item is None:
        return tuple(raw) if isinstance(raw, list) else raw
    return read_value(item, raw)


def answer_problem(item: Item, answer: AnswerIn) -> AnswerProblem | None:
    """Says why an answer cannot be kept: an accepted one needs a sound value, an uncertain one may have none."""
    value = read_value(item, answer.value)
    if answer.status in {"refused", "skipped"}:
        return None
    if value is None:
        uncertain = answer.status == "uncertain"
        return None if uncertain else AnswerProblem(code="type", message="这个答案没有内容。")
    return check_value(item, value)


def recheck_reason(answer: AnswerView) -> RecheckReason:
    if answer.value is not None:
        return "low_confidence"
    return "not_understood" if answer.words else "unwritten"


def hidden_level(questionnaire: Questionnaire, accepted: Mapping[str, AnswerValue], answer: AnswerView) -> Level | None:
    """The worst alert that an uncertain reading would add, were it right."""
    if answer.value is None:
        return None
    known = {hit.rule_key for hit in evaluate_alerts(questionnaire, accepted)}
    supposed = {**accepted, answer.link_id: answer.value}
    added = [hit.level for hit in evaluate_alerts(questionnaire, supposed) if hit.rule_key not in known]
    return min(added, key=lambda level: RANKS[level], default=None)


def uncertain(answers: tuple[AnswerView, ...]) -> Iterator[AnswerView]:
    return (answer for answer in answers if answer.status == "uncertain")
