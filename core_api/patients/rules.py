"""Pure decisions about patients: what notes say, how a person is addressed, what a search means."""

import re
import unicodedata

from core_api.patients.schemas import ContactWindow, Preferences

STAGE_WAITING = "等待移植"
STAGE_POSTOPERATIVE = "术后随访"
LIST_STAGES = {"waiting": STAGE_WAITING, "postoperative": STAGE_POSTOPERATIVE}

# Times of day as hospitals' notes use them; only with "只/仅" or "请…打" is one a wish and not a remark.
_WINDOWS = {
    "上午": ContactWindow(start="09:00", end="12:00"),
    "中午": ContactWindow(start="12:00", end="14:00"),
    "下午": ContactWindow(start="14:00", end="18:00"),
    "晚上": ContactWindow(start="18:00", end="20:00"),
}
_ONLY = re.compile(r"(?:只|仅)[^，。；,;]{0,4}?(上午|中午|下午|晚上)")
_AFTER = re.compile(r"请(?:在)?(上午|中午|下午|晚上)(?:来电|打|联系|致电)")
_SMS = re.compile(r"(?<!不)(?<!勿)(?:请|改|只|仅)?发(?:送)?短信|短信(?:联系|通知)")
_NO_SMS = re.compile(r"(?:不要|请勿|别|勿|不)发(?:送)?短信")
_DIALECTS = ("粤语", "广东话", "白话", "客家话", "潮汕话", "四川话", "湖南话", "上海话", "闽南语")
_DIALECT_NAMES = {"广东话": "粤语", "白话": "粤语"}
_NO_DIALECT = re.compile(r"(?:不会|听不懂|不懂|不讲|不说)\S{0,2}")

COMPOUND_SURNAMES = frozenset(
    ["欧阳", "司徒", "诸葛", "上官", "司马", "东方", "独孤", "南宫", "夏侯", "皇甫", "尉迟", "公孙", "慕容", "令狐",
     "端木", "长孙", "宇文", "轩辕", "钟离", "闻人", "澹台", "申屠", "太叔", "濮阳", "淳于", "单于", "公羊", "司空"]
)  # fmt: skip
_HAN_NAME = re.compile(r"[\u3400-\u9fff·]{2,}")
_HAN = re.compile(r"[\u3400-\u9fff]")


def read_preferences(notes: str | None) -> Preferences:
    """Wishes that free notes state clearly; what is not clear stays a note for people to read."""
    text = unicodedata.normalize("NFKC", notes or "")
    windows = tuple(_WINDOWS[word] for word in dict.fromkeys(_ONLY.findall(text) + _AFTER.findall(text)))
    return Preferences(
        contact_windows=windows,
        channel="sms" if _SMS.search(text) and not _NO_SMS.search(text) else "voice",
        dialect=_dialect(text),
        hard_of_hearing=any(word in text for word in ("听力不好", "听力差", "耳背", "听不清", "失聪")),
        remote="异地" in text or "外地" in text,
    )


def salutation(name: str, gender: str) -> str:
    """How a call addresses a person: 王女士, 欧阳先生; the whole name when the gender is unknown.

    A name that is not written in Chinese characters is never spoken: the person is then simply 您.
    """
    if not _HAN_NAME.fullmatch(name):
        return "您"
    surname = name[:2] if name[:2] in COMPOUND_SURNAMES and len(name) > 2 else name[0]  # noqa: PLR2004 - compound
    title = {"female": "女士", "male": "先生"}.get(gender)
    return surname + title if title else name


def normal_name(name: str) -> str:
    """The form of a name under which it is indexed: NFKC, no spaces, lower case."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", name)).casefold()


def grams(name: str) -> tuple[str, ...]:
    """Characters and neighbouring pairs of a name, each once."""
    text = normal_name(name)[:20]
    pairs = [text[i : i + 2] for i in range(len(text) - 1)]
    return tuple(dict.fromkeys([*text, *pairs]))


def query_grams(part: str) -> tuple[str, ...]:
    """What a name part must all be found by: its pairs, or the character itself."""
    text = normal_name(part)[:20]
    return (text,) if len(text) == 1 else tuple(dict.fromkeys(text[i : i + 2] for i in range(len(text) - 1)))


def looks_like_name(q: str) -> bool:
    """Whether a search text can be a name: digits alone cannot."""
    return bool(_HAN.search(q)) or not any(c.isdigit() for c in q)


def _dialect(text: str) -> str | None:
    for word in _DIALECTS:
        if word in text and not re.search(_NO_DIALECT.pattern + word, text):
            return _DIALECT_NAMES.get(word, word)
    return None


def is_mobile(digits: str) -> bool:
    """Whether digits have the form of a mainland mobile number."""
    return bool(re.fullmatch(r"1[3-9]\d{9}", digits))
