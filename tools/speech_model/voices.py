"""Synthetic speakers: espeak-ng's variants at many speeds and pitches."""

import random
import subprocess
from pathlib import Path

import numpy as np
import soxr
from pypinyin import Style, lazy_pinyin

from tools.speech_model.recordings import RATE_HZ, Corpus, Pcm, Utterance
from tools.speech_model.units import unit_ids, word_units
from tools.speech_model.vocabulary import random_phrase, readable

ESPEAK_RATE_HZ = 22050
WAV_HEADER_BYTES = 44
VOICE = "cmn-latn-pinyin"
VARIANTS = (
    *(
        "f1",
        "f2",
        "f3",
        "f4",
        "f5",
        "m1",
        "m2",
        "m3",
        "m4",
        "m5",
        "m6",
        "m7",
        "m8",
        "klatt",
        "klatt2",
        "klatt3",
        "klatt4",
    ),
    *(
        "Alex",
        "Alicia",
        "Andrea",
        "Andy",
        "Annie",
        "Denis",
        "Diogo",
        "Gene",
        "Gene2",
        "Henrique",
        "Hugo",
        "Jacky",
        "Lee",
    ),
    *("Marco", "Mario", "Michael", "Mike", "Nguyen", "RicishayMax", "adam", "anika", "antonio", "aunty", "belinda"),
    *("benjamin", "boris", "caleb", "david", "ed", "edward", "grandma", "grandpa", "gustave", "iven", "iven2", "iven3"),
    *(
        "john",
        "kaukovalta",
        "linda",
        "marcelo",
        "max",
        "michel",
        "miguel",
        "norbert",
        "pablo",
        "paul",
        "pedro",
        "quincy",
    ),
    *("rob", "robert", "sandro", "shelby", "steph", "steph2", "travis", "victor", "zac"),
)
UNSEEN_VARIANTS = ("f3", "m4", "Annie", "Denis", "belinda", "robert", "klatt3", "quincy")
SILENT = 200
BREAK_BLOCKS = 100
PHRASES_PER_VOICE = 8


def pinyin(text: str) -> str:
    """Toned pinyin that espeak-ng's voice reads; letters stay."""
    syllables = lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False)
    return " ".join(f"en{one[-1]}" if one[:-1] in {"n", "ng", "m"} else one for one in syllables)


def speak(text: str, variant: str, words_per_minute: int, pitch: int) -> Pcm:
    """One phrase at 16 kHz, trimmed; empty where espeak-ng failed."""
    spoken = speak_all([text], variant, words_per_minute, pitch)
    return spoken[0] if spoken else np.zeros(0, dtype=np.int16)


def speak_all(texts: list[str], variant: str, words_per_minute: int, pitch: int) -> list[Pcm]:
    """Phrases of one voice in one go, cut apart at the breaks; none if they cannot be told apart for certain."""
    command = ["espeak-ng", "-m", "-v", f"{VOICE}+{variant}", "-s", str(words_per_minute), "-p", str(pitch), "--stdout"]
    marked = "<speak>" + "<break time='1500ms'/>".join(pinyin(text) for text in texts) + "</speak>"
    done = subprocess.run([*command, marked], capture_output=True, check=False, timeout=60)
    raw = done.stdout[WAV_HEADER_BYTES:]
    parts = _cut(np.frombuffer(raw[: len(raw) // 2 * 2], dtype="<i2"))
    if len(parts) != len(texts):
        return []
    return [_at_source_rate(part) for part in parts]


def _cut(pcm: Pcm) -> list[Pcm]:
    """The stretches of sound between long silences."""
    block = ESPEAK_RATE_HZ // 100
    loud = np.flatnonzero(np.abs(pcm[: pcm.size // block * block].reshape(-1, block)).max(axis=1) > SILENT)
    if not loud.size:
        return []
    ends = np.flatnonzero(np.diff(loud) > BREAK_BLOCKS)
    starts = [loud[0], *loud[ends + 1]]
    stops = [*loud[ends], loud[-1]]
    return [pcm[max(0, start - 2) * block : (stop + 4) * block] for start, stop in zip(starts, stops, strict=True)]


def _at_source_rate(pcm: Pcm) -> Pcm:
    samples = soxr.resample(pcm.astype(np.float32), ESPEAK_RATE_HZ, RATE_HZ)
    return np.asarray(np.clip(samples, -32768, 32767), dtype=np.int16)


def synthesise(count: int, seed: int, listed: tuple[str, ...], variants: tuple[str, ...] = VARIANTS) -> Corpus:
    """Random phrases in random voices, some in the same voice; the unseen variants never speak."""
    rng = random.Random(seed)
    seen = [variant for variant in variants if variant not in UNSEEN_VARIANTS]
    spoken: list[tuple[str, str, Pcm]] = []
    while len(spoken) < count:
        texts = [_phrase(rng, listed) for _ in range(PHRASES_PER_VOICE)]
        variant = rng.choice(seen)
        parts = speak_all(texts, variant, int(rng.triangular(110, 250, 165)), rng.randint(5, 95))
        spoken += [(text, f"espeak:{variant}", part) for text, part in zip(texts, parts, strict=False)]
    return gather(spoken[:count])


def _phrase(rng: random.Random, listed: tuple[str, ...]) -> str:
    while True:
        said = random_phrase(rng, listed)
        if readable([said]):
            return said


def gather(spoken: list[tuple[str, str, Pcm]]) -> Corpus:
    """A corpus of (text, speaker, samples), without the empty ones."""
    utterances: list[Utterance] = []
    position = 0
    parts = [(text, speaker, pcm) for text, speaker, pcm in spoken if pcm.size]
    for text, speaker, pcm in parts:
        utterances.append(Utterance(position, pcm.size, speaker, text, tuple(unit_ids(word_units(text)))))
        position += pcm.size
    samples = np.concatenate([pcm for _, _, pcm in parts]) if parts else np.zeros(0, dtype=np.int16)
    return Corpus(samples, tuple(utterances))


def load(cache: Path, count: int, seed: int, listed: tuple[str, ...]) -> Corpus:
    """Synthesises once and keeps the samples with their texts."""
    path = cache / f"voices-{count}-{seed}.npz"
    if not path.exists():
        corpus = synthesise(count, seed, listed)
        cache.mkdir(parents=True, exist_ok=True)
        texts = np.array([utterance.text for utterance in corpus.utterances])
        names = np.array([utterance.speaker for utterance in corpus.utterances])
        lengths = np.array([utterance.samples for utterance in corpus.utterances])
        np.savez(path, samples=corpus.samples, texts=texts, speakers=names, lengths=lengths)
    kept = np.load(path)
    ends = np.cumsum(kept["lengths"])
    samples = kept["samples"]
    return gather(
        [
            (str(text), str(speaker), samples[end - length : end])
            for text, speaker, end, length in zip(kept["texts"], kept["speakers"], ends, kept["lengths"], strict=True)
        ]
    )
