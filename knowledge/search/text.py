"""Text as terms: characters with their pairs and triples, syllables, words; each a number, so that counting is numpy's.

Chinese has no spaces and patients misspell: triples of characters are precise, syllables forgive homophones, words of
the site's dictionary hold terms together. A run of Latin letters or digits (HCG, 37.5) counts as one character.
"""

import hashlib
import logging
import re
import unicodedata
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jieba
import numpy as np
from numpy.typing import NDArray

from knowledge.search import aims
from knowledge.search.aims import Aims
from knowledge.terms import subjects

Terms = NDArray[np.int64]
FAMILIES = ("characters", "syllables", "words")
MAX_CHARACTERS = 1_000
"""What is read of a question; nobody asks more in one go, and somebody may paste a book."""
SHIFT = 21
PRIVATE_FIRST, PRIVATE_SIZE = 0xF0000, 0x20000 - 2
CJK_FIRST, CJK_LAST = 0x3400, 0x9FFF
BREAK = "\n"
MIN_WORD = 2
jieba.setLogLevel(logging.WARNING)
LATIN = re.compile(r"[a-z0-9]+(?:\.[0-9]+)?")
TAGS = re.compile(r"<[^<>]{0,200}>")
NOISE = re.compile(
    r"请问|你好|您好|我想(?:问|知道|了解)|想问|问一下|咨询一下|麻烦|谢谢|一下|那个|这个|你们|我们|的|了|呢|啊|呀|吗|嘛|哦|吧"
    r"|就是|医生|护士|大夫|还有|对了|嗯"
)
OTHER = re.compile(r"[^0-9a-z\u3400-\u9fff.]+|(?<![0-9])\.|\.(?![0-9])")
NEVER_BY_SOUND = "零〇一二两三四五六七八九十百千半几不没别未无非勿前后左右上下男女早晚大小多少内外"
"""Characters that turn a question into another one though they sound alike: 四天 and 十天."""
BY_SOUND_FROM = 4
"""A shorter text sounds like too many others."""
FOLDED = (("zh", "z"), ("ch", "c"), ("sh", "s"))
NASAL = re.compile(r"(?<=[aei])ng$")


@dataclass(frozen=True)
class Counted:
    """Terms of many texts: the text's position and the term, each pair once, in order of text."""

    documents: NDArray[np.int32]
    terms: Terms


@dataclass(frozen=True)
class Marks:
    """What tells texts apart as wholes, shape (texts,): a number of what was written, one of how it sounds, the aims.

    0 stands for a text of which nothing counts, that is too short to go by its sound, or of no known aim.
    """

    written: NDArray[np.int64]
    spoken: NDArray[np.int64]
    aims: Aims


class Analyser:
    """Reads texts with a site's synonyms and words."""

    def __init__(
        self,
        synonyms: Mapping[str, str] | None = None,
        words: Iterable[str] = (),
        cache_dir: Path | None = None,
        foreign: Iterable[str] | None = None,
    ) -> None:
        """Reads the words once.

        Args:
            synonyms: What is read, to what it is read as.
            words: What is kept whole.
            cache_dir: Keeps jieba's dictionary for the next start.
            foreign: Subjects of other houses; None: those that ship.
        """
        self._synonyms = {fold(word): fold(term) for word, term in (synonyms or {}).items() if fold(word)}
        longest_first = sorted(self._synonyms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        subjects_here = {fold(word) for word in (subjects.shipped() if foreign is None else foreign)} - {""}
        longest_subjects = sorted(subjects_here, key=lambda word: (-len(word), word))
        self._foreign = re.compile("|".join(map(re.escape, longest_subjects)) or r"(?!)")
        self._jieba = _cutter(frozenset(map(fold, (*words, *self._synonyms.values()))), cache_dir)

    def clean(self, text: str) -> str:
        """What counts of a text: folded, synonyms replaced, politeness and punctuation gone."""
        plain = fold(TAGS.sub(" ", text[:MAX_CHARACTERS]))
        if self._pattern is not None:
            plain = self._pattern.sub(lambda found: self._synonyms[found.group()], plain)
        return OTHER.sub("", NOISE.sub("", plain)) or OTHER.sub("", plain)

    def foreign(self, text: str) -> tuple[str, ...]:
        """The subjects that a text names which other houses answer, as far as an entry does not name them itself."""
        return tuple(dict.fromkeys(self._foreign.findall(fold(text[:MAX_CHARACTERS]))))

    def count(self, texts: Sequence[str]) -> dict[str, Counted]:
        """The terms of texts by family."""
        cleaned = [self.clean(text) for text in texts]
        codes = _codes(cleaned)
        return {
            "characters": _grams(codes, 3),
            "syllables": _grams(_syllables(codes), 2),
            "words": self._words(cleaned),
        }

    def marks(self, texts: Sequence[str]) -> Marks:
        """Which texts are the same but for politeness and signs, and which at least sound the same."""
        cleaned = [self.clean(text) for text in texts]
        codes = _codes(cleaned)
        spoken = np.where(np.isin(codes, _never_by_sound()), codes, _syllables(codes))
        ends = np.flatnonzero(codes == ord(BREAK))
        sounds = np.split(spoken, ends)
        return Marks(
            np.array([_number(text.encode()) if text else 0 for text in cleaned], np.int64),
            np.array(
                [
                    _number(sound.tobytes()) if len(text) >= BY_SOUND_FROM else 0
                    for text, sound in zip(cleaned, _unbroken(sounds), strict=False)
                ],
                np.int64,
            ),
            aims.of_texts(cleaned),
        )

    def _words(self, cleaned: Sequence[str]) -> Counted:
        documents: list[int] = []
        terms: list[int] = []
        for position, text in enumerate(cleaned):
            found = {word_term(word) for word in self._jieba.cut(text) if len(word) >= MIN_WORD}
            terms += found
            documents += [position] * len(found)
        return _ordered(np.array(documents, np.int32), np.array(terms, np.int64))


def fold(text: str) -> str:
    """Full width to half, capitals to small, common traditional characters to simplified."""
    return unicodedata.normalize("NFKC", text).lower().translate(_traditional())


def _cutter(words: frozenset[str], cache_dir: Path | None) -> jieba.Tokenizer:
    """Jieba with a site's words; its own dictionary is read once per process."""
    general = _general_cutter(cache_dir)
    if not words:
        return general
    cutter = jieba.Tokenizer()
    cutter.FREQ, cutter.total, cutter.initialized = dict(general.FREQ), general.total, True
    for word in words:
        cutter.add_word(word)
    return cutter


@cache
def _general_cutter(cache_dir: Path | None) -> jieba.Tokenizer:
    cutter = jieba.Tokenizer()
    if cache_dir is not None:
        cache_dir.mkdir(parents=True, exist_ok=True)
        cutter.tmp_dir = str(cache_dir)
    cutter.initialize()
    return cutter


@cache
def word_term(word: str) -> int:
    """A word as a number that is the same in every process."""
    return _number(word.encode())


def _number(content: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little") >> 1


@cache
def _never_by_sound() -> NDArray[np.int64]:
    return np.array([ord(character) for character in NEVER_BY_SOUND], np.int64)


def _unbroken(parts: Sequence[NDArray[np.int64]]) -> Iterable[NDArray[np.int64]]:
    """Each text's codes without the break before them."""
    return (part[1:] if place else part for place, part in enumerate(parts))


def _codes(cleaned: Sequence[str]) -> NDArray[np.int64]:
    """Code points of all texts, a line break between them; a Latin run is one private code point."""
    joined = BREAK.join(LATIN.sub(_as_private, text) for text in cleaned)
    return np.frombuffer(joined.encode("utf-32-le"), np.uint32).astype(np.int64)


def _as_private(found: re.Match[str]) -> str:
    return chr(PRIVATE_FIRST + zlib.crc32(found.group().encode()) % PRIVATE_SIZE)


def _grams(codes: NDArray[np.int64], longest: int) -> Counted:
    """Runs of 1 to `longest` codes that cross no break."""
    breaks = codes == ord(BREAK)
    documents = np.cumsum(breaks, dtype=np.int32)
    crossed = np.concatenate(([0], np.cumsum(breaks)))
    found_documents, found_terms = [], []
    for size in range(1, longest + 1):
        count = len(codes) - size + 1
        if count <= 0:
            break
        whole = crossed[size:] - crossed[: len(crossed) - size] == 0
        terms = np.zeros(count, np.int64)
        for offset in range(size):
            terms = (terms << SHIFT) | codes[offset : offset + count]
        found_terms.append(terms[whole])
        found_documents.append(documents[:count][whole])
    if not found_terms:
        return Counted(np.zeros(0, np.int32), np.zeros(0, np.int64))
    return _ordered(np.concatenate(found_documents), np.concatenate(found_terms))


def _ordered(documents: NDArray[np.int32], terms: Terms) -> Counted:
    """Each pair once, by text and term."""
    order = np.lexsort((terms, documents))
    documents, terms = documents[order], terms[order]
    new = np.ones(len(terms), bool)
    new[1:] = (terms[1:] != terms[:-1]) | (documents[1:] != documents[:-1])
    return Counted(documents[new], terms[new])


def _syllables(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each character as its syllable; what has none stays itself."""
    table = _syllable_table()
    chinese = (codes >= CJK_FIRST) & (codes <= CJK_LAST)
    found = codes.copy()
    found[chinese] = table[codes[chinese] - CJK_FIRST]
    return found


@cache
def _syllable_table() -> NDArray[np.int64]:
    """Syllable numbers of the characters from CJK_FIRST on; sounds that many speakers merge are one."""
    from pypinyin import Style  # noqa: PLC0415 - half a second, and only where texts are read
    from pypinyin.constants import PINYIN_DICT  # noqa: PLC0415 - likewise
    from pypinyin.style import convert  # noqa: PLC0415 - likewise

    numbers: dict[str, int] = {}
    table = np.arange(CJK_FIRST, CJK_LAST + 1, dtype=np.int64)
    for code in range(CJK_FIRST, CJK_LAST + 1):
        spoken = PINYIN_DICT.get(code)
        if spoken:
            plain = _merged(convert(spoken.split(",")[0], Style.NORMAL, strict=False))
            table[code - CJK_FIRST] = numbers.setdefault(plain, 0x100 + len(numbers))
    return table


def _merged(syllable: str) -> str:
    for spoken, merged in FOLDED:
        if syllable.startswith(spoken):
            syllable = merged + syllable.removeprefix(spoken)
    return NASAL.sub("n", syllable)


@cache
def _traditional() -> dict[int, str]:
    """Traditional characters that Cantonese writers use, to simplified; two texts of equal length."""
    lines = (Path(__file__).parent / "traditional.txt").read_text("utf-8").split()
    return str.maketrans(lines[0], lines[1])  # type: ignore[return-value]  # maketrans of two texts maps to numbers
