"""Text as people say it: numbers, units, dates, times and telephone numbers become Chinese words."""

import re

import cn2an

UNITS = {
    "℃": "摄氏度",
    "°C": "摄氏度",
    "mmHg": "毫米汞柱",
    "mg": "毫克",
    "ml": "毫升",
    "mL": "毫升",
    "kg": "公斤",
    "mIU/mL": "毫国际单位每毫升",
    "μmol/L": "微摩尔每升",
    "umol/L": "微摩尔每升",
    "mmol/L": "毫摩尔每升",
    "ng/mL": "纳克每毫升",
    "cm": "厘米",
    "mm": "毫米",
}
SPOKEN_DIGITS = dict(zip("0123456789", "零幺二三四五六七八九", strict=True))
YEAR_DIGITS = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
NUMBER = r"\d+(?:\.\d+)?"
LONGEST_COUNT = 7  # more digits than a count people would say at once: read them one by one
MEASURE_WORDS = "个次天周月年位针片粒条项名分小杯支"


def speakable(text: str) -> str:
    """Rewrites what has digits or signs in it; the rest stays as it is."""
    for pattern, replace in _RULES:
        text = pattern.sub(replace, text)
    return text


def number_words(number: str) -> str:
    """128 -> 一百二十八, 38.5 -> 三十八点五."""
    if "." not in number and len(number) > LONGEST_COUNT:
        return _digit_words(number)
    return str(cn2an.an2cn(number, "low"))


def money_words(yuan: str) -> str:
    """1200.5 -> 一千二百元五角, 0.05 -> 五分, 2 -> 两元."""
    whole, _, part = yuan.replace(",", "").partition(".")
    jiao, fen = (int(digit) for digit in (part + "00")[:2])
    number = "两" if whole == "2" else str(cn2an.an2cn(whole, "low"))
    words = f"{number}元" if int(whole) else ""
    words += f"{number_words(str(jiao))}角" if jiao else ("零" if fen and words else "")
    return (words + (f"{number_words(str(fen))}分" if fen else "")) or "零元"


def _digit_words(digits: str) -> str:
    return "".join(SPOKEN_DIGITS.get(digit, "") for digit in digits)


def _date(match: re.Match[str]) -> str:
    year = "".join(YEAR_DIGITS[digit] for digit in match["year"]) + "年" if match["year"] else ""
    return f"{year}{number_words(str(int(match['month'])))}月{number_words(str(int(match['day'])))}日"


def _year(match: re.Match[str]) -> str:
    return "".join(YEAR_DIGITS[digit] for digit in match[1]) + "年"


def _time(match: re.Match[str]) -> str:
    hour, minute = int(match[1]), int(match[2])
    hours = "两点" if hour == 2 else f"{number_words(str(hour))}点"  # noqa: PLR2004 - two o'clock is 两点
    if minute == 0:
        return hours if hour == 2 else f"{hours}整"  # noqa: PLR2004
    zero = "零" if minute < 10 else ""  # noqa: PLR2004
    return f"{hours}{zero}{number_words(str(minute))}分"


def _unit(match: re.Match[str]) -> str:
    return number_words(match[1]) + UNITS[match[2]]


def _measured(match: re.Match[str]) -> str:
    return ("两" if match[1] == "2" else number_words(match[1])) + match[2]


_UNIT_PATTERN = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
_RULES = (
    (
        re.compile(r"(?:\+86[- ]?)?(?<!\d)(1\d{2})[- ]?(\d{4})[- ]?(\d{4})(?!\d)"),
        lambda m: _digit_words("".join(m.groups())),
    ),
    (re.compile(r"(?<!\d)(0\d{2,3})-(\d{7,8})(?!\d)"), lambda m: _digit_words(m[1] + m[2])),
    (re.compile(r"(?<!\d)(?P<year>\d{4})[-/年](?P<month>\d{1,2})[-/月](?P<day>\d{1,2})[日号]?(?!\d)"), _date),
    (re.compile(r"(?<!\d)(?P<year>)(?P<month>\d{1,2})月(?P<day>\d{1,2})[日号]"), _date),
    (re.compile(r"(?<!\d)(\d{4})年"), _year),
    (re.compile(r"(?<!\d)(\d{1,2})[:：](\d{2})(?!\d)"), _time),
    (re.compile(r"(\d+)/(?=\d)"), lambda m: number_words(m[1]) + "，"),
    (re.compile(rf"({NUMBER})\s*({_UNIT_PATTERN})"), _unit),
    (re.compile(r"(?<![\d.])(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,9}(?:\.\d+)?)\s*元"), lambda m: money_words(m[1])),
    (re.compile(rf"({NUMBER})%"), lambda m: "百分之" + number_words(m[1])),
    (re.compile(rf"({NUMBER})\s*[-~～]\s*(?={NUMBER})"), lambda m: number_words(m[1]) + "到"),
    (re.compile(rf"第({NUMBER})"), lambda m: "第" + number_words(m[1])),
    (re.compile(rf"(?<![\d.])({NUMBER})([{MEASURE_WORDS}])"), _measured),
    (re.compile(r"按(\d)"), lambda m: "按" + number_words(m[1])),
    (re.compile(rf"{NUMBER}"), lambda m: number_words(m[0])),
    (re.compile(r"#"), lambda _: "井号键"),
    (re.compile(r"\*"), lambda _: "星号键"),
)
