"""A question's grammar, and whether words that answer it may go on: 三十八 before 度五, 有 before 一点疼."""

import re
from collections.abc import Callable
from functools import lru_cache, partial

from telephony.speech.grammars import (
    ALWAYS,
    FAMILIES,
    HUNDRED,
    LISTENING,
    SMALL,
    THOUSAND,
    Expected,
    is_whole,
    known,
    phrases,
    unpadded,
)
from telephony.speech.recognition import Grammar

Accept = Callable[[str], float]

AFFIRMS = ("是", "是的", "对", "对的", "没错", "可以", "好的", "好", "行", "有", "有的")
DENIES = ("不", "不是", "不对", "不可以", "不行", "没有", "没有的", "都没有", "没有了", "没了")
_ONES = f"[{SMALL[1:]}]"
_FRACTION = re.compile(f"[点度](?:[{SMALL}]|半)")
_LAST_PLACE = re.compile(f"[十零]{_ONES}$")
_DIGITS = re.compile(f"^[{SMALL}十百千万两点半]+")
_DAY = re.compile("[号日天前]$")
_WEEKDAY = re.compile("(?:周|星期)[一二三四五六日天]$")
_HALF_PAST = re.compile("点(?:半|[一二三四五六]十|[零十].)")
_AND_WHO = re.compile("(?<![就不])是$")
"""我是 is myself, and the beginning of 我是家属."""
DAYS_BY_NAME = ("今天", "昨天", "前天", "大前天", "明天", "后天")


def grammar(expected: Expected, accept_at: Accept) -> Grammar:
    """The recogniser's grammar of a question.

    Args:
        expected: What is waited for.
        accept_at: The model's threshold of a family.
    """
    family = FAMILIES[expected.kind]
    ways = partial(is_whole, expected), partial(may_go_on, expected)
    return Grammar(phrases(expected), accept_at(family), family, *ways, free=expected.kind == "text")


def may_go_on(expected: Expected, text: str) -> bool:
    """Whether more words could make another answer of a whole one; words of the same option make none.

    Args:
        expected: What is waited for.
        text: A whole answer, without spaces.
    """
    bare = unpadded(text)
    if text in LISTENING[:3] or (not bare and text not in known(expected)):
        return True
    if bare in ALWAYS or text in ALWAYS:
        return False
    match expected.kind:
        case "integer" | "decimal":
            return _number_goes_on(expected, bare)
        case "date":
            return not (bare in DAYS_BY_NAME or _DAY.search(bare) or _WEEKDAY.search(bare))
        case "time":
            return not _HALF_PAST.search(bare)
        case "text" | "birth" | "dictation":
            return True
        case "identity":
            return _AND_WHO.search(text) is not None
    return _becomes_another(expected, text) or _becomes_another(expected, bare)


def _number_goes_on(expected: Expected, bare: str) -> bool:
    digits = _DIGITS.match(bare)
    if digits is None:
        return True
    unit = bare[digits.end() :]
    if expected.kind == "decimal":
        return not (_FRACTION.search(bare) or (unit and unit != "度"))
    if unit:
        return False
    high = expected.maximum if expected.maximum is not None else HUNDRED
    if high < HUNDRED:
        others = (_DIGITS.match(other) for other in known(expected) if other.startswith(bare))
        return any(other is not None and other.group() != bare for other in others)
    return high >= THOUSAND or _LAST_PLACE.search(bare) is None


@lru_cache(1024)
def _becomes_another(expected: Expected, text: str) -> bool:
    own = next((set(group) for group in _groups(expected) if text in group), {text})
    others = (other for other in known(expected) if other.startswith(text) and unpadded(other) != text)
    return any(other not in own for other in others if other != text)


def _groups(expected: Expected) -> tuple[tuple[str, ...], ...]:
    if expected.kind != "boolean":
        return expected.options
    if not expected.options:
        return AFFIRMS, DENIES
    return tuple(_with_usual(group) for group in expected.options)


def _with_usual(group: tuple[str, ...]) -> tuple[str, ...]:
    """An option's words and the usual ones for the same."""
    usual = [words for words in (AFFIRMS, DENIES) if set(group) & set(words)]
    return (*group, *(word for words in usual for word in words))
