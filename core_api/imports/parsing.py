"""Pure readers of cells: dates in the forms people type, phones, money, results. None guesses."""

import math
import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import phonenumbers
from openpyxl.utils.datetime import from_excel
from stdnum.cn import ric

Cell = object


class Unreadable(Exception):
    """A cell that cannot be read; both texts are Chinese and hold nothing of the cell."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


_DATE = re.compile(r"(\d{4})\s*(?:[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,2})|年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号])")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_TIME = re.compile(r"[T ]?\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_MONEY = re.compile(r"[¥￥]?\s*(\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d{1,2})0*)?\s*元?")
_RESULT = re.compile(r"(<=|>=|<|>|≤|≥)?\s*([-+]?\d+(?:\.\d+)?)")
_IDENTITY = re.compile(r"\d{17}[\dX]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_COMPARATORS = {"≤": "<=", "≥": ">="}
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_EXCEL_SERIALS = (1, 80_000)

DATE_REMEDY = "请改为 2026-01-02 这样的日期"
PHONE_REMEDY = "请核对后填写 11 位手机号或带区号的座机号"


def text(value: Cell) -> str:
    """A cell as text: trimmed, without control characters, whole numbers without ".0"."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return _CONTROL.sub("", str(value)).strip()


def plain(value: Cell) -> str:
    """A cell as text in NFKC: full-width digits and signs become plain."""
    return unicodedata.normalize("NFKC", text(value)).strip()


def read_date(value: Cell) -> date | None:
    """A date in ISO, 2026/1/2, 2026.1.2, 2026年1月2日, 20260102 or as a spreadsheet keeps it; None when empty.

    Raises:
        Unreadable: Something else, or a day that does not exist.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, int | float) and _EXCEL_SERIALS[0] <= value < _EXCEL_SERIALS[1]:
        return _from_serial(value)
    written = plain(value)
    return _read_date(written)[0] if written else None


def read_datetime(value: Cell, zone: ZoneInfo) -> datetime | None:
    """A moment in the hospital's zone; a date alone is its midnight; None when empty.

    Raises:
        Unreadable: Neither a date nor a date and a time.
    """
    if isinstance(value, datetime):
        return value.replace(tzinfo=zone) if value.tzinfo is None else value
    written = plain(value)
    if not written:
        return None
    day, rest = _read_date(written, with_time=True)
    if not rest:
        return datetime(day.year, day.month, day.day, tzinfo=zone)
    match = _TIME.fullmatch(rest)
    try:
        hour, minute, second = (int(part or 0) for part in match.groups()) if match else (99, 0, 0)
        return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone)
    except ValueError as error:
        raise Unreadable("时间无法识别", "请改为 2026-01-02 08:30 这样的时间") from error


def read_birth_date(value: Cell, today: date) -> date | None:
    """A date of birth between 1900 and today.

    Raises:
        Unreadable: No such date, or outside those bounds.
    """
    born = read_date(value)
    if born is not None and not date(1900, 1, 1) <= born <= today:
        raise Unreadable("出生日期不合理（早于 1900 年或晚于今天）", "请核对出生日期")
    return born


def read_phone(value: Cell) -> str | None:
    """A phone in E.164; +86, 0086, spaces and dashes are understood; None when empty.

    Any number of the form of a mainland mobile number (1[3-9] and nine digits) is accepted, assigned or not.

    Raises:
        Unreadable: Not a phone number.
    """
    written = plain(value)
    if not written:
        return None
    if re.fullmatch(r"[\d.]+[eE]\+?\d+", written):
        raise Unreadable("号码被表格软件改成了科学计数法，末位已丢失", "请把该列设为文本后重新导出")
    bare = re.sub(r"[\s\-()_.·—–]", "", written)
    national = re.sub(r"^(?:\+86|0086|86(?=1[3-9]\d{9}$))", "", bare)
    if _MOBILE.fullmatch(national):
        return f"+86{national}"
    if re.fullmatch(r"1\d{5,}", national):
        raise Unreadable(f"手机号应为 11 位，这里是 {len(national)} 位", PHONE_REMEDY)
    return _read_other_phone(bare)


def read_identity(value: Cell) -> tuple[str | None, bool]:
    """An identity number in capitals, and whether form and check digit (GB 11643) are right; (None, True) if empty."""
    number = re.sub(r"\s", "", plain(value)).upper()
    if not number:
        return None, True
    return number, bool(_IDENTITY.fullmatch(number)) and ric.calc_check_digit(number) == number[17]


def read_money_fen(value: Cell) -> int | None:
    """An amount in yuan as whole fen; None when empty.

    Raises:
        Unreadable: Not digits; words are not guessed at.
    """
    if isinstance(value, float) and math.isfinite(value):
        value = round(value, 2)
    written = plain(value)
    if not written:
        return None
    match = _MONEY.fullmatch(written)
    if not match:
        reason = "金额是公式" if written.startswith("=") else "金额不是数字"
        raise Unreadable(reason, "请改为阿拉伯数字，例如 2400")
    return int(Decimal(f"{match[1].replace(',', '')}.{match[2] or 0}") * 100)


def read_count(value: Cell) -> int | None:
    """A whole number from 0 to 999; None when empty.

    Raises:
        Unreadable: Something else.
    """
    written = plain(value)
    if not written:
        return None
    if not re.fullmatch(r"\d{1,3}", written):
        raise Unreadable("不是整数", "请填写整数，例如 2")
    return int(written)


def read_result(value: Cell) -> tuple[str, str | None, float | None]:
    """A result as (text, comparator, number): "<1.0" -> ("<1.0", "<", 1.0), "阴性" -> ("阴性", None, None)."""
    written = plain(value)
    match = _RESULT.fullmatch(written)
    if not match:
        return written, None, None
    return written, _COMPARATORS.get(match[1], match[1]), float(match[2])


def read_number(value: Cell) -> float | None:
    """A decimal number; None when empty or in words, such as a reference limit "阴性"."""
    written = plain(value)
    return float(written) if re.fullmatch(r"[-+]?\d+(?:\.\d+)?", written) else None


def read_gender(value: Cell) -> Literal["female", "male", "unknown"]:
    """女/F/2 and 男/M/1 (GB/T 2261.1); everything else is unknown."""
    word = plain(value).upper()
    if word in {"女", "女性", "F", "FEMALE", "2"}:
        return "female"
    return "male" if word in {"男", "男性", "M", "MALE", "1"} else "unknown"


def read_consent(value: Cell) -> Literal["granted", "refused", "unknown"] | None:
    """Yes, no, or "unknown" when empty; None for a word that says neither."""
    word = plain(value).upper()
    if word in {"是", "同意", "已同意", "Y", "YES", "1", "TRUE"}:
        return "granted"
    if word in {"否", "不同意", "拒绝", "N", "NO", "0", "FALSE"}:
        return "refused"
    return None if word else "unknown"


def is_formula(value: Cell) -> bool:
    """Whether a spreadsheet would run the text as a formula."""
    return isinstance(value, str) and value.lstrip(" ").startswith("=")


def safe_cell(value: str) -> str:
    """Text for any exported table: what a spreadsheet could run gets an apostrophe before it (OWASP CSV injection)."""
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value


@lru_cache(maxsize=4096)
def _read_date(written: str, with_time: bool = False) -> tuple[date, str]:
    match = _DATE.match(written) or _COMPACT.match(written)
    if not match:
        raise Unreadable("日期无法识别", DATE_REMEDY)
    rest = written[match.end() :].strip()
    if rest and not with_time and not _TIME.fullmatch(rest):
        raise Unreadable("日期无法识别", DATE_REMEDY)
    year, month, day = (int(part) for part in match.groups() if part is not None)
    try:
        return date(year, month, day), rest
    except ValueError as error:
        raise Unreadable("没有这一天", "请核对日期，" + DATE_REMEDY) from error


def _from_serial(value: float) -> date:
    found = from_excel(value)
    if isinstance(found, datetime):
        return found.date()
    raise Unreadable("日期无法识别", DATE_REMEDY)


def _read_other_phone(bare: str) -> str:
    try:
        number = phonenumbers.parse(bare, "CN")
    except phonenumbers.NumberParseException as error:
        raise Unreadable("电话号码无法识别", PHONE_REMEDY) from error
    if not phonenumbers.is_valid_number(number):
        raise Unreadable("电话号码无法识别", PHONE_REMEDY)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
