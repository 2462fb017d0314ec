"""What may be said to a question, as phrases: its answers, numbers, dates, and what may always be said."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

AnswerKind = Literal[
    "boolean",
    "choice",
    "multi_choice",
    "integer",
    "decimal",
    "date",
    "time",
    "identity",
    "text",
    "command",
    "birth",
    "dictation",
]
COMMAND: Final = "command"
DICTATION: Final = "dictation"

ANSWER_WEIGHT = 4
FAMILIES: dict[str, str] = {
    "boolean": "yes_no",
    "identity": "yes_no",
    "choice": "choice",
    "multi_choice": "choice",
    "integer": "number",
    "decimal": "number",
    "date": "date",
    "time": "date",
    "text": "open",
    "command": "open",
    "birth": "date",
    "dictation": "open",
}
ALWAYS = (
    *(
        "再说一遍",
        "没听清",
        "没听清楚",
        "听不清",
        "转人工",
        "人工服务",
        "现在忙",
        "我很忙",
        "没空",
        "没时间",
        "不方便",
        "现在不方便",
    ),
    *(
        "打错了",
        "你打错了",
        "打错电话了",
        "不要再打了",
        "以后再打",
        "晚点再打",
        "等会儿再打",
        "慢一点",
        "说慢点",
        "大声一点",
    ),
    *("跳过", "下一个", "不想说", "不知道", "不清楚", "不记得", "记不清", "忘了", "再见", "你是谁"),
)
LISTENING = ("嗯", "嗯嗯", "哦", "好的", "知道了")
_ALWAYS = frozenset((*ALWAYS, *LISTENING))
YES_NO = (
    *("是", "是的", "不是", "对", "对的", "不对", "没错", "可以", "不可以", "好的", "好", "行", "不行"),
    *("有", "有的", "没有", "没有的", "都没有"),
)
BEFORE = ("嗯", "呃", "那个", "就是", "都是", "我", "大概", "好像", "应该", "现在", "已经")
AFTER = ("的", "了", "啊", "吧", "呢", "谢谢")
IDENTITY = (
    *("是的 我就是", "对 我就是", "对 是我", "是的 是我", "对 我是本人", "我是本人", "我就是本人", "是我本人"),
    "是我",
    "我就是",
    "是本人",
    "我是",
    "是的",
    "不是",
    "不是我",
    "我不是",
    "我是家属",
    "他不在",
    "她不在",
    "对",
    "是",
    "您说",
)
SMALL = "零一二三四五六七八九"
TENS = 10
HUNDRED = 100
THOUSAND = 1000
LARGE_NUMBER = 10_000
RELATIVE_DAYS = (
    "今天",
    "昨天",
    "前天",
    "大前天",
    "明天",
    "后天",
    "上周",
    "上个星期",
    "这个星期",
    "下个星期",
    "上个月",
    "这个月",
)
DAY_PARTS = ("早上", "上午", "中午", "下午", "晚上")
DELAYS = ("半小时以后", "一个小时以后", "两个小时以后", "十分钟以后", "过一会儿", "等会儿", "现在可以")


_DIGIT = "[一二三四五六七八九]"
_BELOW_HUNDRED = f"(?:{_DIGIT}?十{_DIGIT}?|{_DIGIT})"
_AFTER_HUNDRED = f"(?:{_DIGIT}十{_DIGIT}?|零{_DIGIT}|{_DIGIT})?"
_HUNDREDS = f"(?:[两一二三四五六七八九]百{_AFTER_HUNDRED})"
_THOUSANDS = f"(?:[两一二三四五六七八九]千(?:{_HUNDREDS}|零{_BELOW_HUNDRED}|{_DIGIT})?)"
_WHOLE = f"(?:零|两|{_BELOW_HUNDRED}|{_HUNDREDS}|{_THOUSANDS}|{_BELOW_HUNDRED}万(?:{_THOUSANDS}|{_DIGIT})?)"
_NUMBER = re.compile(
    f"{_WHOLE}(?:(?:点|度)(?:[零一二三四五六七八九]{{1,2}}|半))?[^零一二三四五六七八九十百千万点半]{{0,4}}"
)
"""One number as people say it, with a unit behind it; 一百百十八 is none."""
_PADDING = re.compile(f"^(?:{'|'.join(BEFORE)})+|(?:{'|'.join(AFTER)})+$")


@dataclass(frozen=True)
class Expected:
    """What a question waits for.

    Attributes:
        kind: The item's type; `time` for a call-back, `identity` for "are you ...", `command` for what a caller may
            want, `birth` for a day of birth, `dictation` for a message.
        answers: Displays and synonyms of the options.
        unit: Of a number.
        minimum: Of a number.
        maximum: Of a number.
        options: The same answers by option, where there are some.
    """

    kind: AnswerKind
    answers: tuple[str, ...] = field(default=(), repr=False)
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    options: tuple[tuple[str, ...], ...] = field(default=(), repr=False)


@lru_cache(256)
def phrases(expected: Expected) -> tuple[str, ...]:
    """All that may be said; answers are listed more often than the rest, which makes them likelier."""
    own = _answers(expected)
    return (*(own * ANSWER_WEIGHT), *ALWAYS, *LISTENING, *BEFORE, *AFTER)


def expected_at(place: str, asked: Expected | None) -> Expected:
    """What a place of the dialogue waits for: a confirmation takes yes or no, whatever was asked before.

    Args:
        place: As in the mark's name.
        asked: The open question's answer, if there is one.
    """
    if place.startswith(("item:", "call:")) and asked is not None:
        return asked
    if place.startswith(("identity", "ask_who")):
        return Expected("identity")
    return Expected("time" if place.startswith("callback") else "boolean")


def is_whole(expected: Expected, text: str) -> bool:
    """Whether words without spaces are an answer to a question, or what may always be said."""
    bare = unpadded(text)
    if expected.kind in {"integer", "decimal"} and _NUMBER.fullmatch(bare):
        return True
    numeric = expected.kind in {"integer", "decimal"}
    found = _ALWAYS if numeric else known(expected)
    return text in found or bare in found


def unpadded(text: str) -> str:
    """Words without what people put before and behind them."""
    return _PADDING.sub("", text)


@lru_cache(256)
def known(expected: Expected) -> frozenset[str]:
    """All answers, and what may always be said; of numbers also the parts that they are made of."""
    return _ALWAYS | {phrase.replace(" ", "") for phrase in _answers(expected)}


def _answers(expected: Expected) -> list[str]:
    match expected.kind:
        case "boolean":
            return _plain(expected.answers, short=True)
        case "identity":
            return list(IDENTITY)
        case "choice" | "multi_choice" | "command":
            return _plain(expected.answers, short=False)
        case "integer" | "decimal":
            return _numbers(expected)
        case "date":
            return dates()
        case "birth":
            return births()
        case "time":
            return [*times(), *YES_NO[:4]]
    return ["没有", "没有了", "没了"]


def _plain(answers: Sequence[str], *, short: bool) -> list[str]:
    said = [answer for answer in dict.fromkeys(answers) if answer]
    return list(dict.fromkeys([*said, *YES_NO])) if short else said


def small_number(value: int) -> str:
    """0 to 99 as said."""
    tens, ones = divmod(value, TENS)
    if not tens:
        return SMALL[ones]
    return ("" if tens == 1 else SMALL[tens]) + "十" + (SMALL[ones] if ones else "")


def _numbers(expected: Expected) -> list[str]:
    low = int(expected.minimum if expected.minimum is not None else 0)
    high = int(expected.maximum if expected.maximum is not None else HUNDRED)
    said = [small_number(value) for value in range(max(low, 0), min(high, HUNDRED - 1) + 1)]
    if low <= 2 <= high:  # noqa: PLR2004 - two has a second word
        said.append("两")
    said += _large(low, high)
    unit = _spoken_unit(expected.unit)
    with_unit = [f"{number} {unit}" for number in said] if unit else []
    return [*said, *with_unit, *(_fractions(low, high, unit) if expected.kind == "decimal" else [])]


def _large(low: int, high: int) -> list[str]:
    """Pairs of neighbouring number words; the grammar is a bigram, so they make up all numbers of that size."""
    if high < HUNDRED:
        return []
    tops = ["两", *SMALL[1:]]
    below = [small_number(value) for value in range(TENS, HUNDRED)]
    said = [f"{top} 百" for top in tops] + [f"百 {part}" for part in (*below, *(f"零 {one}" for one in SMALL[1:]))]
    said += [f"百 {one}" for one in SMALL[1:]]
    if high >= THOUSAND:
        said += [f"{top} 千" for top in tops] + [f"千 {top}" for top in tops] + [f"千 零 {part}" for part in below]
    if high >= LARGE_NUMBER:
        said += [f"{small_number(value)} 万" for value in range(1, HUNDRED)] + [f"万 {top}" for top in tops]
    return [*said, "百", "千"] if low < LARGE_NUMBER else said


def _fractions(low: int, high: int, unit: str) -> list[str]:
    wholes = [small_number(value) for value in range(max(low, 0), min(high, HUNDRED - 1) + 1)]
    marks = ("点", unit) if unit == "度" else ("点",)
    return [f"{whole} {mark}" for whole in wholes for mark in marks] + [
        f"{mark} {part}" for mark in marks for part in (*SMALL, "半")
    ]


def _spoken_unit(unit: str | None) -> str:
    return "度" if unit in {"℃", "度"} else (unit or "")


@lru_cache(1)
def _dates() -> tuple[str, ...]:
    months = [f"{small_number(month)}月" for month in range(1, 13)]
    days = [f"{small_number(day)}号" for day in range(1, 32)]
    weeks = [f"{when} {name}{day}" for when in ("上", "这", "下") for name in ("周", "星期") for day in "一二三四五六"]
    ago = [f"{count} {unit}" for count in ("两", *SMALL[1:], "十") for unit in ("天前", "周前")]
    return (*RELATIVE_DAYS, *days, *(f"{month} {day}" for month in months for day in days), *weeks, *ago)


def dates() -> list[str]:
    """Days as people say them."""
    return list(_dates())


def births() -> list[str]:
    """Days of birth: the year digit by digit, so that pairs of neighbouring digits make up all years."""
    digits = (*SMALL, "幺")
    years = [f"{one} {other}" for one in digits for other in digits] + [f"{digit} 年" for digit in digits]
    return [*years, *(phrase for phrase in _dates() if "月" in phrase)]


def times() -> list[str]:
    """Times to call back."""
    hours = [f"{small_number(hour)} 点" for hour in range(1, 13)] + ["两 点"]
    said = [f"{day} {part}" for day in ("今天", "明天", "后天") for part in DAY_PARTS]
    said += [f"{part} {hour}" for part in DAY_PARTS for hour in hours]
    return [*said, *hours, *(f"{hour} 半" for hour in hours), *DELAYS, *("今天", "明天", "后天")]
