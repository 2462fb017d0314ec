"""Answers by keys: an option's key, digits ended by #, * for a decimal point or "repeat", 0 for a person."""

import re
from datetime import date

from core_api.questionnaires.schemas import Item
from core_api.responses.schemas import AnswerIn
from dialogs.flow import interruptions, script, texts
from dialogs.flow.view import Step, View, say
from dialogs.understanding.schemas import Reading

MONTH_DAY_DIGITS = 4
FULL_DATE_DIGITS = 8
ASSUMED_POINT_CONFIDENCE = 0.5


def on_item_keys(view: View, key: str) -> Step:
    """Decides on keys pressed while a question stands."""
    item = view.item
    if item is None:
        return script.ask_again(view)
    if item.keys_mode in {"number", "date"}:
        return _digits(view, item, view.state.digits + key)
    if item.keys_mode != "option":
        return _leave(view, item, key) if key.endswith("#") else script.repair(view)
    if item.type == "multi_choice":
        return _several(view, item, view.state.digits + key)
    option = next((option for option in item.options if option.key == key[0]), None)
    if option is None:
        return script.repair(view)
    value: bool | str = option.code == "true" if item.type == "boolean" else option.code
    return script.take(view, item, Reading(value=value, confidence=1.0, words=key))


def _leave(view: View, item: Item, key: str) -> Step:
    answer = AnswerIn(link_id=item.link_id, words=key, confidence=1.0, source="keys", status="skipped")
    return script.record(view, answer, texts.NOTED)


def _several(view: View, item: Item, typed: str) -> Step:
    if not typed.endswith("#") and len(typed) < len(item.options):
        return _wait(view, typed)
    codes = tuple(dict.fromkeys(option.code for sign in typed for option in item.options if option.key == sign))
    if not codes:
        return script.repair(view.with_state(digits=""))
    return script.take(view.with_state(digits=""), item, Reading(value=codes, confidence=1.0, words=typed))


def _digits(view: View, item: Item, typed: str) -> Step:
    if not typed.endswith("#"):
        return _wait(view, typed)
    body = typed.rstrip("#")
    reading = read_month_day(body, view.now.date()) if item.keys_mode == "date" else read_keyed_number(item, body)
    if reading is None:
        return script.repair(view.with_state(digits=""))
    return script.take(view.with_state(digits=""), item, reading)


def _wait(view: View, typed: str) -> Step:
    """Says nothing while digits are being typed."""
    return say(view.state.model_copy(update={"digits": typed}), (), expects="keys", keys=("0-9", "*", "#"))


def read_keyed_number(item: Item, typed: str) -> Reading | None:
    """Reads typed digits; 385 is 38.5 where only that lies in the item's range."""
    if not re.fullmatch(r"\d+(?:\*\d+)?", typed):
        return None
    value = float(typed.replace("*", "."))
    tenth = value / 10
    highest = item.maximum if item.maximum is not None else float("inf")
    if value > highest >= tenth >= (item.minimum or 0) and "*" not in typed and item.type == "decimal":
        return Reading(value=tenth, confidence=ASSUMED_POINT_CONFIDENCE, words=typed)
    number: int | float = int(value) if item.type == "integer" and value.is_integer() else value
    return Reading(value=number, confidence=1.0, words=typed)


def read_month_day(typed: str, today: date) -> Reading | None:
    """Reads MMDD (the latest such day, or the coming one within half a year) or YYYYMMDD."""
    if not typed.isdigit() or len(typed) not in {MONTH_DAY_DIGITS, FULL_DATE_DIGITS}:
        return None
    full = typed if len(typed) == FULL_DATE_DIGITS else f"{today.year}{typed}"
    try:
        day = date(int(full[:4]), int(full[4:6]), int(full[6:]))
        if len(typed) == MONTH_DAY_DIGITS and (day - today).days > 183:  # noqa: PLR2004 - half a year
            day = day.replace(year=day.year - 1)
    except ValueError:
        return None
    return Reading(value=day, confidence=1.0, words=typed)


def repeat_or_person(view: View, key: str) -> Step | None:
    """The two keys that mean the same everywhere, unless digits are being typed."""
    typing = view.state.digits or _numeric(view.item)
    if key == "*" and not view.state.digits:
        return interruptions.repeat(view)
    if key == "0" and not typing:
        return interruptions.person(view)
    return None


def _numeric(item: Item | None) -> bool:
    return item is not None and item.keys_mode in {"number", "date"}
