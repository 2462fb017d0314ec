"""Numbers as people say them: temperatures, counts, halves, colloquial hundreds, units."""

import re
from dataclasses import dataclass

import cn2an

from core_api.questionnaires.schemas import Item
from dialogs.understanding.schemas import Reading

DIGIT = "零〇一二两三四五六七八九幺"
NUMERAL = r"(?:\d+(?:\.\d+)?|[零〇一二两三四五六七八九幺十百千万廿]+)"
PLAIN = re.compile(rf"(?P<whole>{NUMERAL})(?:点(?P<part>[{DIGIT}\d]+))?")
DEGREES = re.compile(rf"(?P<whole>{NUMERAL})度(?P<part>[{DIGIT}\d])(?![十百\d])")
AND_HALF = re.compile(rf"(?P<whole>{NUMERAL})(?P<unit>个|片|粒|颗|度|斤|公斤|次|支|袋|升|小时|天|千克|杯)?半(?!夜)")
HALF = re.compile(r"半")
ROUGH = re.compile(r"左右|大概|大约|差不多|可能|好像|估计|应该|上下|多|来|几|吧")
NOT_NUMBERS = re.compile(
    r"一(?:点(?![零〇一二两三四五六七八九\d])|些|下|直|般|样|定|共|起|会儿|切|阵)|(?:有|量|测|吃|喝|睡|好)一点|十分(?!钟)|万一|千万|三番|星期.|礼拜.|周[一二三四五六日]"
)
TEN_POINTS = re.compile(r"(?:那|就|我|给|打|要)*十分(?:吧|啊|呢|的|了)?")
"""十分 within a sentence means "very"; by itself it is a score."""
EITHER = re.compile(r"(?:一两|两三|三四|四五|五六|六七|七八|八九)[次个天片回粒顿杯颗周]")
NOT_ONCE = re.compile(r"一[次点回个片天顿](?:也|都)没")
PER = re.compile(r"天|日|晚|周|星期|个月|年")
NONE_AT_ALL = re.compile(r"没有|没|无|不(?:喝|抽|吃|疼|痛|用)|从来不|零次")
SPLIT = re.compile(r"到|至|-|~|、|或者?|还是")
SCALES = {
    ("kg", "斤"): 0.5,
    ("公斤", "斤"): 0.5,
    ("千克", "斤"): 0.5,
    ("ml", "升"): 1000.0,
    ("毫升", "升"): 1000.0,
    ("ml", "l"): 1000.0,
    ("g", "公斤"): 1000.0,
    ("g", "斤"): 500.0,
    ("克", "斤"): 500.0,
    ("克", "公斤"): 1000.0,
    ("g", "两"): 50.0,
    ("克", "两"): 50.0,
    ("cm", "米"): 100.0,
    ("厘米", "米"): 100.0,
    ("元", "万元"): 10000.0,
    ("天", "周"): 7.0,
    ("天", "星期"): 7.0,
    ("天", "个星期"): 7.0,
    ("天", "个礼拜"): 7.0,
    ("天", "个月"): 30.0,
}
CUES = {
    "高压": ("收缩压", "高压"),
    "低压": ("舒张压", "低压"),
}


@dataclass(frozen=True)
class Found:
    """A number in a text: its value, where it stands and the words after it."""

    value: float
    start: int
    end: int
    after: str


def find_numbers(text: str) -> list[Found]:
    """Lists the numbers in a text, left to right: "三十八度五" 38.5, "一百二" 120, "一片半" 1.5, "半片" 0.5."""
    clean = NOT_NUMBERS.sub(lambda match: "＿" * len(match.group()), text)
    found: list[Found] = []
    taken = [False] * len(clean)
    for pattern, worth in ((DEGREES, _joined), (AND_HALF, _and_half), (PLAIN, _joined), (HALF, _half)):
        for match in pattern.finditer(clean):
            if any(taken[match.start() : match.end()]):
                continue
            value = worth(match)
            if value is not None:
                unit = match.groupdict().get("unit") or ""
                found.append(Found(value, match.start(), match.end(), unit + clean[match.end() : match.end() + 3]))
                taken[match.start() : match.end()] = [True] * (match.end() - match.start())
    return sorted(found, key=lambda number: number.start)


def _half(_match: re.Match[str]) -> float | None:
    return 0.5


def _and_half(match: re.Match[str]) -> float | None:
    whole = parse_numeral(match["whole"])
    return None if whole is None else whole + 0.5


def _joined(match: re.Match[str]) -> float | None:
    spoken = match["whole"]
    # "五六次" is five or six, not fifty-six.
    if len(spoken) == 2 and EITHER.fullmatch(spoken + match.string[match.end() : match.end() + 1]):  # noqa: PLR2004
        return parse_numeral(spoken[0])
    whole = parse_numeral(spoken)
    part = match["part"]
    if whole is None or not part:
        return whole
    digits = "".join(_digit(sign) for sign in part)
    return float(f"{whole:g}.{digits}") if whole == int(whole) else whole


def _digit(sign: str) -> str:
    return sign if sign.isdigit() and sign.isascii() else str("零一二三四五六七八九".index(_plain_sign(sign)))


def _plain_sign(sign: str) -> str:
    return {"〇": "零", "两": "二", "幺": "一"}.get(sign, sign)


def parse_numeral(text: str) -> float | None:
    """Reads one numeral: "128", "一百二十八", "一千五" (1500), "一二八" (128), "幺三八"; None when it is none."""
    if text in {"", "百", "千", "万", "百万"}:
        return None
    written = text.replace("幺", "一").replace("〇", "零")
    try:
        return float(cn2an.cn2an(written, "smart"))
    except (ValueError, KeyError):  # KeyError: cn2an on unordered places, as a recogniser may hear them ("十三百")
        return None


def read_number(item: Item, said: str) -> Reading | None:
    """Reads a number for an item, in the item's unit.

    Several numbers: the one that carries the item's unit or cue (高压, 低压) wins; otherwise the first, with low
    confidence. "没有" is 0 where 0 is within the range.
    """
    if TEN_POINTS.fullmatch(said):
        return Reading(value=10 if item.type == "integer" else 10.0, confidence=0.9, words=said)
    numbers = [] if NOT_ONCE.search(said) else find_numbers(said)
    if not numbers:
        return _none_at_all(item, said)
    chosen, confidence = _choose(item, said, numbers)
    value = _in_unit(item, chosen)
    if ROUGH.search(said.replace("没多", "")):
        confidence -= 0.1
    if item.type == "integer":
        if value != int(value):
            confidence = min(confidence, 0.5)
        return Reading(value=round(value), confidence=round(confidence, 2), words=said)
    return Reading(value=round(value, 4), confidence=round(confidence, 2), words=said)


def _none_at_all(item: Item, said: str) -> Reading | None:
    if NONE_AT_ALL.search(said) and item.minimum is not None and item.minimum <= 0:
        value: int | float = 0 if item.type == "integer" else 0.0
        return Reading(value=value, confidence=0.8, words=said)
    return None


def _choose(item: Item, said: str, numbers: list[Found]) -> tuple[Found, float]:
    counted = [number for number in numbers if not (PER.match(number.after) and number.value == 1)]
    numbers = counted or numbers
    if len(numbers) == 1:
        return numbers[0], 0.5 if EITHER.search(said) else 0.95
    cued = _by_cue(item, said, numbers)
    if cued is not None:
        return cued, 0.9
    united = [number for number in numbers if item.unit and _unit_after(item.unit, number)]
    if len(united) == 1:
        return united[0], 0.9
    inside = [number for number in numbers if _inside(item, number.value)]
    if len(inside) == 1:
        return inside[0], 0.8
    if len({number.value for number in inside}) == 1:
        return inside[0], 0.9
    corrected = re.search(r"不对|不是|说错|应该是", said)
    if corrected:
        return numbers[-1], 0.7
    return (inside or numbers)[0], 0.5


def _by_cue(item: Item, said: str, numbers: list[Found]) -> Found | None:
    wording = item.text_voice + item.text_chat
    for cue, names in CUES.items():
        if any(name in wording for name in names) and any(name in said for name in (cue, *names)):
            start = max(said.find(name) for name in (cue, *names))
            after = [number for number in numbers if number.start > start]
            return after[0] if after else None
    return None


def _unit_after(unit: str, number: Found) -> bool:
    names = {
        "℃": ("度",),
        "mL": ("毫升",),
        "ml": ("毫升",),
        "kg": ("公斤", "千克"),
        "元": ("块", "元"),
        "次/天": ("次",),
    }
    return any(number.after.startswith(name) for name in (unit, *names.get(unit, ())))


def _inside(item: Item, value: float) -> bool:
    low = item.minimum if item.minimum is not None else float("-inf")
    high = item.maximum if item.maximum is not None else float("inf")
    return low <= value <= high


def _in_unit(item: Item, number: Found) -> float:
    unit = (item.unit or "").lower()
    for (wanted, said), factor in SCALES.items():
        if unit == wanted and number.after.lower().startswith(said):
            return number.value * factor
    return number.value
