"""Making messages comparable, cutting them into sentences and clauses, reading temperatures. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

TRADITIONAL = (
    "燒發熱體溫無沒過氣嘔腫藥顆個這裡後來動寶還暈兒頭說話聲臉變黃顏醫師請嗎癲癇"
    "風腦殺輕樓總覺見現會難腳邊張開關緊陰衛繼續遺書從樹兩幾麼麽"
)
SIMPLIFIED = (
    "烧发热体温无没过气呕肿药颗个这里后来动宝还晕儿头说话声脸变黄颜医师请吗癫痫"
    "风脑杀轻楼总觉见现会难脚边张开关紧阴卫继续遗书从树两几么么"
)
_TABLE = {ord(wide): chr(ord(wide) - 0xFEE0) for wide in map(chr, range(0xFF01, 0xFF5F))}
_TABLE |= {ord(old): new for old, new in zip(TRADITIONAL, SIMPLIFIED, strict=True)}
_TABLE |= {ord("，"): ",", ord("。"): "。", ord("．"): ".", ord("“"): '"', ord("”"): '"', ord("’"): "'"}
_CJK = "\u4e00-\u9fff"
_GAPS = re.compile(rf"[\u200b-\u200f\ufeff\u00ad]+|(?<=[{_CJK}0-9,])[ \t\u3000\u00a0]+(?=[{_CJK}0-9,])")
_SENTENCE = re.compile(r"[^。!?;\n…~]+[。!?;\n…~]*")
_CLAUSE_END = re.compile(r"[,:]|但是?|可是|不过|然而|只是|就是|而且|并且")
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_CELSIUS = re.compile(
    r"(?<![\d.])(3[4-9]|4[0-3])(?:\.(\d{1,2}))?(?:度|℃|°c?|摄氏度|c\b)?(?:(?<=[度℃c])([1-9])(?![\d个小点号天次]))?"
)
_SPOKEN = re.compile(
    r"([三四])十([一二三四五六七八九]?)(?:点([零一二三四五六七八九]))?度?(?:(?<=度)([一二三四五六七八九半]))?"
)
_FAHRENHEIT = re.compile(r"(?<![\d.])(9[5-9]|10\d)(?:\.(\d))?(?:华氏度?|°?f\b)")
_UNIT = re.compile(r"度|℃|°|\bc\b")
_TENTHS = re.compile(r"\d\.\d")
_OTHER_UNIT = re.compile(r"[元块万亿斤%分岁折号米毫厘微公克个天周倍.\d]|kg|cm|mm|ml|mg|g|m")
_NEAR_FEVER = re.compile(r"体温|发?高?烧|发热|温度|热度|量[了的出]?|测[了的出]?|fever|temp")
_FEVER_NEXT = re.compile(r"(?:的|还在|一直|还|又)?(?:高|发)?(?:烧|热)")
LOOK_BACK = 10
FEVER = (34.0, 43.0)


@dataclass(frozen=True)
class Readable:
    """A message made comparable; `places[i]` is where its character i stood, None where nothing moved."""

    text: str
    places: tuple[int, ...] | None

    def place(self, index: int) -> int:
        """Where a character of the comparable text stood in the message."""
        if self.places is None:
            return index
        return self.places[min(index, len(self.places) - 1)]


@dataclass(frozen=True)
class Sentence:
    """A sentence's place in the message."""

    start: int
    end: int


def readable(text: str, respell: Mapping[str, str], pattern: re.Pattern[str] | None) -> Readable:
    """Half-width, lower case, simplified characters, without gaps inside Chinese, misspellings mended."""
    plain = text.translate(_TABLE)
    lower = plain.lower()
    plain = lower if len(lower) == len(plain) else plain
    places: tuple[int, ...] | None = None
    gaps = [match.span() for match in _GAPS.finditer(plain)]
    if gaps:
        kept = _outside(gaps, len(plain))
        places = tuple(kept)
        plain = "".join(plain[index] for index in kept)
    if pattern is not None:
        plain = pattern.sub(lambda match: respell[match[0]], plain)
    return Readable(plain, places)


def sentences(text: str) -> Iterator[Sentence]:
    """The sentences of a text, each with its closing mark."""
    return (Sentence(match.start(), match.end()) for match in _SENTENCE.finditer(text))


def clause_start(text: str, start: int, at: int) -> int:
    """Where the clause around `at` begins, not before `start`."""
    begin = start
    for match in _CLAUSE_END.finditer(text, start, at):
        begin = match.end()
    return begin


def clause_end(text: str, at: int, end: int) -> int:
    """Where the clause around `at` ends, not after `end`."""
    match = _CLAUSE_END.search(text, at, end)
    return match.start() if match else end


def temperatures(text: str) -> Iterator[tuple[float, int, int]]:
    """Body temperatures named in a text: (degrees Celsius, start, end)."""
    for match in _CELSIUS.finditer(text):
        whole, part, after = match.groups()
        if _is_temperature(text, match):
            yield float(f"{whole}.{part or after or 0}"), match.start(), match.end()
    for match in _SPOKEN.finditer(text):
        value = _spoken(match)
        if FEVER[0] <= value < FEVER[1] and _is_temperature(text, match):
            yield value, match.start(), match.end()
    for match in _FAHRENHEIT.finditer(text):
        yield (float(f"{match[1]}.{match[2] or 0}") - 32) / 1.8, match.start(), match.end()


@lru_cache(maxsize=8)
def respelling(words: tuple[str, ...]) -> re.Pattern[str] | None:
    """One pattern of all misspellings."""
    return re.compile("|".join(map(re.escape, words))) if words else None


def _is_temperature(text: str, match: re.Match[str]) -> bool:
    """A whole number is one only with its unit or beside a word for fever; 38.9 is one unless another unit follows."""
    if _TENTHS.search(match[0]) and not _OTHER_UNIT.match(text, match.end()):
        return True
    near = text[max(0, match.start() - LOOK_BACK) : match.start()]
    return bool(_UNIT.search(match[0]) or _NEAR_FEVER.search(near) or _FEVER_NEXT.match(text, match.end()))


def _spoken(match: re.Match[str]) -> float:
    tens, ones, point, after = match.groups()
    part = 5 if after == "半" else _DIGITS.get(point or after or "", 0)
    return _DIGITS[tens] * 10 + _DIGITS.get(ones, 0) + part / 10


def _outside(gaps: list[tuple[int, int]], length: int) -> list[int]:
    kept: list[int] = []
    at = 0
    for start, end in gaps:
        kept.extend(range(at, start))
        at = end
    kept.extend(range(at, length))
    return kept
