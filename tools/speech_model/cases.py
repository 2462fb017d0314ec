"""What the model is examined with: families of words by people and voices, clean and noisy, through mu-law."""

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import soxr
from pypinyin import Style, lazy_pinyin

from tools.speech_model import telephone, voices
from tools.speech_model.features import RATE_HZ, Floats
from tools.speech_model.recordings import RATE_HZ as SOURCE_HZ
from tools.speech_model.recordings import Corpus, Utterance
from tools.speech_model.voices import UNSEEN_VARIANTS, speak

YES_NO = (
    "有",
    "没有",
    "是",
    "不是",
    "是的",
    "对",
    "不对",
    "好的",
    "可以",
    "不可以",
    "有的",
    "没有的",
    "要",
    "不要",
    "会",
    "不会",
)
YES_NO_GRAMMAR = (*YES_NO, "好", "没", "不", "行", "不行", "没错")
DIGITS = ("零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "两", "百", "点")
NUMBERS = (
    "十二",
    "十五",
    "二十",
    "二十三",
    "三十八",
    "四十六",
    "五十七",
    "六十一",
    "七十四",
    "八十九",
    "九十九",
    "一百",
    "三十七",
)
KEYWORDS = (
    *(
        "正常",
        "不清楚",
        "不知道",
        "再说一遍",
        "转人工",
        "不方便",
        "打错了",
        "跳过",
        "有点痛",
        "很痛",
        "不痛",
        "比较多",
        "一点点",
    ),
    *(
        "按时",
        "停了",
        "漏用",
        "今天",
        "昨天",
        "前天",
        "明天",
        "早上",
        "下午",
        "晚上",
        "星期一",
        "满意",
        "不满意",
        "一般",
        "还可以",
    ),
    *(
        "怀上了",
        "没怀上",
        "阳性",
        "阴性",
        "发烧",
        "咳嗽",
        "头晕",
        "恶心",
        "拉肚子",
        "同意",
        "不同意",
        "愿意",
        "已经交了",
        "还没交",
    ),
)
STUDENT_WORDS = ("数字", "语音", "语言", "识别", "中国", "总工", "北京", "背景", "上海", "商行", "复旦", "饭店")
NOISE_DB = 15.0
GAP_SECONDS = 0.25


@dataclass(frozen=True)
class Case:
    """One test.

    Attributes:
        family: Of words.
        speaker: Who speaks.
        text: What is said.
        pcm: At 8 kHz.
        grammar: What may be said.
        inside: Whether the text is among it; else nothing may be accepted.
    """

    family: str
    speaker: str
    text: str
    pcm: Floats = field(repr=False)
    grammar: tuple[str, ...] = field(repr=False)
    inside: bool = True


def at_telephone_rate(pcm: np.ndarray) -> Floats:
    """16 kHz recordings at 8 kHz, at -20 dBFS."""
    samples = soxr.resample(pcm.astype(np.float32), SOURCE_HZ, RATE_HZ)
    return np.asarray(samples / telephone.speech_rms(samples) * 3277, dtype=np.float32)


def students(corpus: Corpus, speakers: Iterable[str], takes: int, seed: int = 3) -> list[Case]:
    """Recordings of those students, so many takes of every word."""
    rng = random.Random(seed)
    by_word: dict[tuple[str, str], list[Utterance]] = defaultdict(list)
    for utterance in corpus.of(tuple(speakers)):
        by_word[utterance.speaker, utterance.text].append(utterance)
    grammar = (*STUDENT_WORDS, *KEYWORDS)
    return [
        Case("students' words", one.speaker, one.text, at_telephone_rate(corpus.pcm(one)), grammar)
        for said in by_word.values()
        for one in rng.sample(said, min(takes, len(said)))
    ]


def words_of(corpus: Corpus, speaker: str) -> list[Case]:
    """Whole words of a speaker who said them as words."""
    said = {one.text: one for one in corpus.of((speaker,))}
    return [
        Case(family, speaker, text, at_telephone_rate(corpus.pcm(said[text])), grammar)
        for family, text, grammar in _families()
        if text in said
    ]


def spliced(corpus: Corpus, speaker: str) -> list[Case]:
    """Words put together from a speaker's toned syllables."""
    said = {one.text: one for one in corpus.of((speaker,))}
    found = []
    for family, text, grammar in _families():
        names = lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True)
        parts = [_syllable(said, name.replace("ü", "v")) for name in names]
        if all(parts):
            pcm = np.concatenate([corpus.pcm(part) for part in parts if part])
            found.append(Case(family, speaker, text, at_telephone_rate(pcm), grammar))
    return found


def synthetic(variants: Iterable[str] = UNSEEN_VARIANTS, seed: int = 5) -> list[Case]:
    """espeak-ng variants that training never heard."""
    rng = random.Random(seed)
    found = []
    for variant in variants:
        speed, pitch = rng.randint(130, 200), rng.randint(20, 80)
        for family, text, grammar in _families():
            pcm = speak(text, variant, speed, pitch)
            found.append(Case(family, f"espeak:{variant}", text, at_telephone_rate(pcm), grammar))
    return found


def outside(cases: Iterable[Case]) -> list[Case]:
    """The same words where something else is asked: what people say that no grammar holds."""
    asked: dict[str, tuple[str, tuple[str, ...]]] = {
        "keywords": ("yes and no", YES_NO_GRAMMAR),
        "numbers": ("keywords", KEYWORDS),
    }
    asked |= {"yes and no": ("digits", DIGITS), "students' words": ("yes and no", YES_NO_GRAMMAR)}
    return [
        replace(one, family=asked[one.family][0], grammar=asked[one.family][1], inside=False)
        for one in cases
        if one.family in asked and one.text not in asked[one.family][1]
    ]


def heard(case: Case, *, noisy: bool, rng: np.random.Generator) -> Floats:
    """The case as the telephone brings it: through mu-law, with noise in the telephone's band if wanted."""
    gap = np.zeros(int(GAP_SECONDS * RATE_HZ), dtype=np.float32)
    samples = np.concatenate([gap, case.pcm, gap])
    if noisy:
        noise = telephone.coloured(rng, 0.5)
        samples = telephone.shaped(telephone.mix(samples, noise, NOISE_DB), telephone.line_response(300, 3400, 0.0))
    return telephone.mulaw(samples)


def _families() -> list[tuple[str, str, tuple[str, ...]]]:
    number_words = tuple(dict.fromkeys((*DIGITS, *NUMBERS)))
    return [
        *(("yes and no", word, YES_NO_GRAMMAR) for word in YES_NO),
        *(("digits", word, DIGITS) for word in DIGITS),
        *(("numbers", word, number_words) for word in NUMBERS),
        *(("keywords", word, (*KEYWORDS, *YES_NO[:4])) for word in KEYWORDS),
    ]


def _syllable(said: dict[str, Utterance], name: str) -> Utterance | None:
    plain = name.rstrip("12345")
    return said.get(name) or next((said[f"{plain}{tone}"] for tone in "1423" if f"{plain}{tone}" in said), None)


def pinyin(text: str) -> str:
    """Toned pinyin, for reading the confusion table."""
    return voices.pinyin(text)
