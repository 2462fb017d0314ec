"""Chinese words to the model's units: 21 initials and 38 finals without tones."""

import re
from functools import cache

from pypinyin import Style, lazy_pinyin
from pypinyin.contrib.tone_convert import to_finals, to_initials

INITIALS = ("b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x", "zh", "ch", "sh", "r", "z", "c", "s")
FINALS = (
    *("a", "o", "e", "ai", "ei", "ao", "ou", "an", "en", "ang", "eng", "er", "ong"),
    *("i", "ia", "ie", "iao", "iou", "ian", "in", "iang", "ing", "iong", "ih", "iz"),
    *("u", "ua", "uo", "uai", "uei", "uan", "uen", "uang", "ueng", "v", "ve", "van", "vn"),
)
UNITS = (*INITIALS, *FINALS)
UNIT_IDS = {unit: number for number, unit in enumerate(UNITS, start=1)}
BLANK = 0
LETTERS = {"H": "ei q v", "C": "s ei", "G": "j i", "B": "b i", "K": "k ei"}
SPELT = {"嗯": ("en",), "哦": ("o",), "呃": ("e",), "欸": ("ei",), "唉": ("ai",)}
INTERJECTIONS = {
    "n": ("en",),
    "ng": ("en",),
    "m": ("en",),
    "hm": ("h", "en"),
    "hng": ("h", "eng"),
    "yo": ("iou",),
    "lo": ("l", "uo"),
}
_HANZI = re.compile(r"[\u4e00-\u9fffA-Z]")


class UnknownSyllable(ValueError):
    """A syllable that is no Mandarin syllable."""


@cache
def syllable_units(syllable: str) -> tuple[str, ...]:
    """Units of one pinyin syllable, with or without a tone digit (`v` or `ü`).

    Raises:
        UnknownSyllable: It is none.
    """
    plain = re.sub(r"[0-9]", "", syllable.lower()).replace("ü", "v").replace("u:", "v")
    if plain in INTERJECTIONS:
        return INTERJECTIONS[plain]
    initial, final = to_initials(plain, strict=True), to_finals(plain, strict=True)
    if final == "i" and initial in {"zh", "ch", "sh", "r"}:
        final = "ih"
    elif final == "i" and initial in {"z", "c", "s"}:
        final = "iz"
    units = tuple(part for part in (initial, final) if part)
    if final not in FINALS or (initial and initial not in INITIALS):
        raise UnknownSyllable(syllable)
    return units


@cache
def word_units(word: str) -> tuple[str, ...]:
    """Units of a word in characters, as it is read alone; letters of abbreviations are spelt.

    Raises:
        UnknownSyllable: A part of it cannot be read.
    """
    if word in SPELT:
        return SPELT[word]
    units: list[str] = []
    for syllable in lazy_pinyin("".join(_HANZI.findall(word)), style=Style.TONE3, errors=list):  # type: ignore[arg-type]  # the stub knows no list
        if syllable in LETTERS:
            units += LETTERS[syllable].split()
        else:
            units += syllable_units(syllable)
    if not units:
        raise UnknownSyllable(word)
    return tuple(units)


def unit_ids(units: tuple[str, ...]) -> list[int]:
    """Numbers of units as the network puts them out; 0 is the blank."""
    return [UNIT_IDS[unit] for unit in units]
