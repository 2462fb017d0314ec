"""Recordings of people, decoded once into one array."""

import csv
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from tools.locations import ROOT
from tools.speech_model.units import UnknownSyllable, syllable_units, unit_ids, word_units
from tools.speech_model.vocabulary import chinese

RECORDINGS = ROOT.parent / "shared" / "data" / "speech"
RATE_HZ = 16000
VALIDATION = ("d09", "d16", "d23", "d30")
TEST = ("d11", "d14", "d19", "d21", "d25", "d28", "d31", "d33")
Pcm = NDArray[np.int16]


@dataclass(frozen=True)
class Utterance:
    """A recording: where it lies in the array, who speaks and what."""

    start: int
    samples: int
    speaker: str
    text: str
    units: tuple[int, ...]


@dataclass(frozen=True)
class Corpus:
    """Samples of all utterances, int16 at 16 kHz."""

    samples: Pcm
    utterances: tuple[Utterance, ...]

    def pcm(self, utterance: Utterance) -> Pcm:
        """The utterance's samples; a view."""
        return self.samples[utterance.start : utterance.start + utterance.samples]

    def of(self, speakers: tuple[str, ...]) -> list[Utterance]:
        """Utterances of those speakers."""
        return [utterance for utterance in self.utterances if utterance.speaker in speakers]


def manifest(folder: Path = RECORDINGS) -> list[dict[str, str]]:
    """Rows of manifest.csv: file, speaker, kind, text."""
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def speakers(rows: list[dict[str, str]]) -> list[str]:
    """All speakers in order."""
    return sorted({row["speaker"] for row in rows})


def units_of(row: dict[str, str]) -> tuple[int, ...] | None:
    """Unit numbers of a row; None where the text cannot be read."""
    try:
        if row["kind"] == "pinyin":
            return tuple(unit_ids(syllable_units(row["text"])))
        return tuple(unit_ids(word_units(chinese(row["text"]))))
    except UnknownSyllable:
        return None


def load(cache: Path, *, limit: int | None = None, folder: Path = RECORDINGS) -> Corpus:
    """Reads all recordings, from the cache when they were decoded before.

    Args:
        cache: Folder for the decoded samples.
        limit: Take only about so many, spread over the speakers; for tests.
        folder: Where manifest.csv lies.
    """
    rows = [row for row in manifest(folder) if units_of(row)]
    if limit is not None:
        rows = random.Random(7).sample(rows, limit)
    path = cache / f"recordings-{len(rows)}.npy"
    lengths_path = path.with_suffix(".lengths.npy")
    if not lengths_path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        parts = [_decode(folder / row["file"]) for row in rows]
        np.save(path, np.concatenate(parts))
        np.save(lengths_path, np.array([part.size for part in parts], dtype=np.int64))
    lengths = np.load(lengths_path)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    utterances = tuple(
        Utterance(int(start), int(length), row["speaker"], chinese(row["text"]) or row["text"], units_of(row) or ())
        for row, start, length in zip(rows, starts, lengths, strict=True)
    )
    return Corpus(np.load(path, mmap_mode="r"), utterances)


def _decode(path: Path) -> Pcm:
    samples, rate_hz = soundfile.read(path, dtype="int16")
    if rate_hz != RATE_HZ:
        raise ValueError(f"{path.name}: {rate_hz} Hz instead of {RATE_HZ}")
    return np.asarray(samples if samples.ndim == 1 else samples[:, 0], dtype=np.int16)
