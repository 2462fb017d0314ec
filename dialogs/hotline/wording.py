"""How callers word what they want, and read their second fact. Pure."""

import re
from datetime import date

from dialogs.enquiries import wording as enquiries
from dialogs.enquiries.schemas import OwnFact
from dialogs.hotline.schemas import Proof
from dialogs.understanding.cues import cue as call_cue

BIRTH_DIGITS = 8
TAIL_DIGITS = 4
OLDEST_YEAR = 1900
CENTURY = 100
YEAR_DIGITS = 4
MESSAGE = re.compile(r"留(?:个|一个|段)?(?:言|话)|帮我(?:转告|带话)|录(?:个|一段)?(?:音|话)")
SERVICE = re.compile(r"^(?:我)?(?:想|要)?(?:问|咨询)?(?:一下)?(?:个)?服务(?:问题|咨询)?[。！]?$")
BOOKING = re.compile(r"预约|挂(?:个|一个)?号|约(?:个|一个)?(?:号|医生|时间)")
VISIT = re.compile(
    r"^.{0,6}(?:我的|下次|下一次)?(?:随访|复查|复诊)(?:安排|时间|日期|是什么时候|是哪天|什么时候)?[。？?]?$"
)
FEE = re.compile(r"^.{0,6}(?:我的|我)?(?:费用|欠费|冷冻费|保存费|欠(?:了)?多少(?:钱)?)(?:是多少|多少)?[。？?]?$")
NOTHING_MORE = re.compile(
    r"^(?:没有?了?|没事了?|没别的了?|不用了?|好了|可以了|就这些)[，,\s]*(?:谢谢(?:你|您|啊)?)?[。！]?$"
)
LATER = re.compile(r"不(?:太|大)?方便|以后|下次|改天|回头|晚点|等会|再说|不用|不做|不想|不要|不了|没空|没时间|算了")
NOW = re.compile(
    r"^(?:嗯+|好的?|那|我)?[，,]?(?:现在)?(?:就)?(?:方便|可以|行|做吧?|好|问吧|您问|你问|开始吧?|来吧)(?:[的啊呀呢吧了哦，,。！]|$)"
)
ANYWHERE = frozenset({"want_person", "complaint", "repeat", "slower", "louder", "who_are_you_robot"})
DIGITS = {**dict(zip("零一二三四五六七八九", "0123456789", strict=True)), "〇": "0", "幺": "1", "两": "2", "○": "0"}
NUMERALS = re.compile(r"[0-9零〇○一二三四五六七八九幺两十]+")
DATE = re.compile(r"(?P<year>[^年]{2,8})年(?P<month>[^月]{1,3})月(?:份)?(?P<day>[^日号]{1,3})(?:[日号]|$)")
SIGNS = re.compile(r"[\s，,。.、]")


def cue(text: str) -> str | None:
    """What plain wording asks for at any point."""
    found = call_cue(text)
    if found in ANYWHERE:
        return found
    return enquiries.cue(text)


def wants_message(text: str) -> bool:
    return bool(MESSAGE.search(text))


def wants_service(text: str) -> bool:
    return bool(SERVICE.search(text))


def wants_booking(text: str) -> bool:
    """Whether a time at the hospital is to be booked."""
    return bool(BOOKING.search(text))


def accepts(text: str) -> bool | None:
    """Whether the caller will do what is offered now; None where the words say neither."""
    if call_cue(text) in ANYWHERE:
        return None
    if LATER.search(text) or call_cue(text) in {"deny", "busy_now", "call_back_at"}:
        return False
    return True if NOW.search(text) or call_cue(text) == "affirm" else None


def has_nothing_more(text: str) -> bool:
    return bool(NOTHING_MORE.search(text))


def own_fact(text: str) -> OwnFact | None:
    """The fact of the caller's own record that is asked for, also by the menu's own words."""
    found = enquiries.own_fact(text)
    if found is not None:
        return found
    if VISIT.search(text):
        return OwnFact(kind="next_visit")
    return OwnFact(kind="arrears") if FEE.search(text) else None


def read_proof(text: str, today: date) -> Proof | None:
    """A second fact in words or keys: 一九九零年一月五号, 19900105, the last four of a number; None if it is none."""
    bare = SIGNS.sub("", text).rstrip("#")
    written = DATE.search(bare)
    if written is not None:
        parts = [_number(written[name]) for name in ("year", "month", "day")]
        return _birth(parts, today) if None not in parts else None
    digits = "".join(DIGITS.get(sign, sign) for sign in bare)
    if digits.isdigit() and len(digits) == BIRTH_DIGITS:
        return _birth([int(digits[:4]), int(digits[4:6]), int(digits[6:])], today)
    if len(digits) == TAIL_DIGITS and digits[:-1].isdigit() and (digits[-1].isdigit() or digits[-1] in "xX*"):
        return Proof(tail=digits.replace("*", "X").upper())
    return None


def _birth(parts: list[int | None], today: date) -> Proof | None:
    year, month, day = (part or 0 for part in parts)
    if year < CENTURY:
        year += (today.year // CENTURY - (year > today.year % CENTURY)) * CENTURY
    try:
        born = date(year, month, day)
    except ValueError:
        return None
    return Proof(birth_date=born) if born.year >= OLDEST_YEAR and born <= today else None


def _number(said: str) -> int | None:
    """90, 一九九零, 十二, 二十五."""
    found = NUMERALS.findall(said)
    if not found:
        return None
    word = found[-1]
    if "十" in word:
        tens, _, ones = word.partition("十")
        tens, ones = DIGITS.get(tens, tens) or "1", DIGITS.get(ones, ones) or "0"
        return int(tens) * 10 + int(ones) if (tens + ones).isdigit() else None
    digits = "".join(DIGITS.get(sign, sign) for sign in word)
    return int(digits) if digits.isdigit() else None
