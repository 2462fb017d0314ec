"""Dates and call-back times, by jionlp, with the hospital's zone and calling window around it."""

import contextlib
import io
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from dialogs.understanding.numbers import find_numbers
from dialogs.understanding.schemas import Reading

ROUGH = re.compile(r"左右|大概|大约|差不多|可能|好像|前后|估计|应该是")
CLAUSES = re.compile(r"[，,。；;！!？?]")
NOW_WORDS = re.compile(r"现在|这会儿|目前|此刻|正在")
WHOLE_DAY_SECONDS = 86_400
FAR_AHEAD = timedelta(days=200)
EARLY_DAY = {
    "明早": "明天早上",
    "今早": "今天早上",
    "后早": "后天早上",
    "明晚": "明天晚上",
    "今儿": "今天",
    "明儿": "明天",
}
VAGUE = re.compile(r"晚(一)?点儿?|过一?会儿?|等一?会儿?|一会儿?|待会儿?|等下|回头|迟点|稍后|过一阵")
VAGUE_DELAY = timedelta(minutes=30)
LATER_TODAY = re.compile(r"过一?会|等一?会|一会|待会|等下|稍后")
DAY_PARTS = ((12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))
NOON_WORDS = re.compile(r"上午|早上|早晨|清早|凌晨|中午|下午|傍晚|晚上|今晚|夜里|\d{1,2}:\d{2}")
AFTER = re.compile(r"以后|之后|过后|后面")
EARLIEST_CLOCK_HOUR = 8
NUMERALS = "零一二三四五六七八九十"
LATEST_SLACK = timedelta(minutes=15)
DAY_WORDS = re.compile(r"今|明|后天|周|星期|礼拜|号|日|月|天")


@dataclass(frozen=True)
class Window:
    """When patients may be called, in the hospital's zone."""

    start: time = time(9, 0)
    end: time = time(20, 0)

    @classmethod
    def of(cls, hours: tuple[str, str] | None) -> "Window":
        """From two times such as 09:00; the usual window for None."""
        return cls(*(time.fromisoformat(one) for one in hours)) if hours else cls()


@dataclass(frozen=True)
class CallbackTime:
    """A time to call back; `moved` when what was asked lay outside the calling window."""

    at: datetime
    moved: bool
    precise: bool


@cache
def _parser() -> Any:  # noqa: ANN401 - jionlp has no types
    """Jionlp prints a banner when imported; standard output may be a command's JSON."""
    with contextlib.redirect_stdout(io.StringIO()):
        import jionlp  # noqa: PLC0415 - 0.8 s and only where dates are read
    return jionlp.parse_time


def warm_up() -> None:
    """Loads the date parser (0.8 s) before the first call needs it."""
    _parser()


def _parse(said: str, now: datetime) -> tuple[datetime, datetime | None] | None:
    base = {"year": now.year, "month": now.month, "day": now.day, "hour": now.hour, "minute": now.minute, "second": 0}
    for word, plain in EARLY_DAY.items():
        said = said.replace(word, plain)
    try:
        parsed = _parser()(said, time_base=base)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError):
        return None
    if parsed.get("type") not in {"time_point", "time_span"}:
        return None
    first, last = parsed["time"]
    start = _moment(first, now)
    return None if start is None else (start, _moment(last, now))


def _moment(written: str, now: datetime) -> datetime | None:
    try:
        return datetime.strptime(written, "%Y-%m-%d %H:%M:%S").replace(tzinfo=now.tzinfo)
    except ValueError:
        return None


def read_date(said: str, now: datetime) -> Reading | None:
    """Reads a day: "上周三", "十一月五号", "昨天", "三天前". Low confidence when it spans days or lies far ahead."""
    span = _parse(said, now)
    if span is None:
        return None
    start, end = span
    day = start.date()
    confidence = 0.92 - (0.12 if ROUGH.search(said) else 0.0)
    if end is None or (end - start).total_seconds() > WHOLE_DAY_SECONDS:
        confidence = 0.5
    if start - now > FAR_AHEAD and "年" not in said:
        day, confidence = _a_year_back(day), min(confidence, 0.8)
    return Reading(value=day, confidence=round(confidence, 2), words=said)


def _a_year_back(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day - timedelta(days=365)


def read_callback_time(said: str, now: datetime, window: Window | None = None) -> CallbackTime | None:
    """Reads when to call back and moves it into the calling window.

    Args:
        said: What the patient said: "明天下午三点", "半小时后", "晚上八点以后", "过一会儿".
        now: Now in the hospital's zone.
        window: When calls are allowed; 09:00 to 20:00 by default.

    Returns:
        None when the words hold no time.
    """
    hours = window or Window()
    wanted = _wanted(_about_time(said), now)
    if wanted is None:
        return None
    at, precise = wanted
    allowed = next_allowed(at, now, hours)
    return CallbackTime(at=allowed, moved=precise and allowed != at, precise=precise)


def _about_time(said: str) -> str:
    """The clauses that name a time: in 我现在要开会了，明天下午三点再打 the first only says why."""
    plain = NOW_WORDS.sub("", said)
    clauses = [one for one in CLAUSES.split(plain) if one]
    named = [
        one
        for one in clauses
        if DAY_WORDS.search(one) or VAGUE.search(one) or find_numbers(one) or NOON_WORDS.search(one)
    ]
    return "".join(named) or plain


def _wanted(said: str, now: datetime) -> tuple[datetime, bool] | None:
    if VAGUE.search(said) and not find_numbers(VAGUE.sub("", said)) and not DAY_WORDS.search(VAGUE.sub("", said)):
        return now + VAGUE_DELAY, False
    span = _parse(said, now)
    if span is None:
        return None
    start, end = span
    length = (end - start).total_seconds() if end else 0.0
    if length >= WHOLE_DAY_SECONDS - 1:
        return _day_only(start, now), False
    precise = find_numbers(said) != [] or "半" in said
    return _daytime(said, start, now), precise


def _day_only(start: datetime, now: datetime) -> datetime:
    """A day without an hour: ten in the morning, a week later where the day named is past."""
    at = start.replace(hour=10, minute=0)
    return at + timedelta(days=7) if at < now else at


def _daytime(said: str, start: datetime, now: datetime) -> datetime:
    """A bare 三点 means the afternoon when calls are made; a time past today means tomorrow."""
    half_day = timedelta(hours=12)
    if start.hour < EARLIEST_CLOCK_HOUR and not NOON_WORDS.search(said) and not _is_delay(said):
        start += half_day
    if start < now - LATEST_SLACK:
        named_week = re.search(r"周|星期|礼拜", said)
        start += timedelta(days=7 if named_week else 1)
    return start


def _is_delay(said: str) -> bool:
    return re.search(r"(分钟|小时|钟头)", said) is not None


def next_allowed(at: datetime, now: datetime, window: Window) -> datetime:
    """The first moment at or after a time that lies in the window and not in the past."""
    moment = max(at, now)
    opening = datetime.combine(moment.date(), window.start, moment.tzinfo)
    closing = datetime.combine(moment.date(), window.end, moment.tzinfo)
    if moment < opening:
        return opening
    if moment >= closing:
        return opening + timedelta(days=1)
    return moment


def say_time(at: datetime, now: datetime) -> str:
    """Says a time, such as 明天下午三点半 or 十一月二十五号上午九点."""
    part = next(name for hour, name in DAY_PARTS if at.hour < hour)
    hour = at.hour if at.hour <= 12 else at.hour - 12  # noqa: PLR2004 - a clock's twelve hours
    minutes = {0: "", 30: "半"}.get(at.minute, f"{'零' * (at.minute < len(NUMERALS) - 1) + say_small(at.minute)}分")
    return f"{say_day(at.date(), now.date())}{part}{say_hour(hour)}点{minutes}"


def say_hour(hour: int) -> str:
    return "两" if hour == 2 else say_small(hour)  # noqa: PLR2004 - 两点


def say_day(day: date, today: date) -> str:
    """Says a day near today by its name, others by month and day."""
    near = {0: "今天", 1: "明天", 2: "后天", -1: "昨天", -2: "前天"}
    return near.get((day - today).days, f"{say_small(day.month)}月{say_small(day.day)}号")


def say_small(number: int) -> str:
    """Says 0 to 99."""
    tens, ones = divmod(number, 10)
    if tens == 0:
        return NUMERALS[ones]
    return ("" if tens == 1 else NUMERALS[tens]) + "十" + (NUMERALS[ones] if ones else "")
