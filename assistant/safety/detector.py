"""A second look beside the rules: of which dangers a message may be speaking, learnt from judged sentences. Pure.

A linear model over hashed characters: runs of one to four and pairs up to five apart, so that 胎动 and 没 are found
with other words between. It raises no flag: what it suspects is asked back, and shown to people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

FILE = "library/detector.safetensors"
RUNS = (1, 2, 3, 4)
APART = (2, 3, 4, 5)
WINDOW_CHARS = 40
STEP_CHARS = 10
LOOKED_AT_CHARS = 4000
"""Of a longer message the beginning and the end are looked at, half of this each."""
_PRIME = np.uint32(16777619)
_BASIS = 2166136261

Hashes = NDArray[np.uint32]
Numbers = NDArray[np.float32]


@dataclass(frozen=True)
class Detector:
    """A model that was learnt.

    Attributes:
        families: Shape (f,): what the columns stand for.
        hashes: Shape (n,), rising: the features that count.
        weights: Shape (n, f).
        bias: Shape (f,).
        ask_at: A score from which a family is suspected.
    """

    families: tuple[str, ...]
    hashes: Hashes
    weights: Numbers
    bias: Numbers
    ask_at: float

    def scores(self, text: str) -> Numbers:
        """Shape (f,): the log odds of each family, the highest of any stretch of a comparable text, not empty."""
        text = _bounded(text)
        spans = stretches(len(text))
        sums = self._whole(text)[None, :] if len(spans) == 1 else self._sums(text, spans)
        return np.asarray((sums + self.bias).max(axis=0), dtype=np.float32)

    def suspects(self, text: str) -> tuple[str, ...]:
        """The families suspected in a comparable text, the likeliest first."""
        if not text:
            return ()
        scores = self.scores(text)
        found = np.flatnonzero(scores >= self.ask_at)
        return tuple(self.families[place] for place in found[np.argsort(-scores[found])])

    def _whole(self, text: str) -> Numbers:
        """Shape (f,): the weights of a short text over the root of how many features it has."""
        found = np.concatenate([hashed for _, hashed in features(text)])
        return np.asarray(self._weights(found).sum(axis=0) / np.sqrt(len(found)), dtype=np.float32)

    def _sums(self, text: str, spans: Sequence[tuple[int, int]]) -> Numbers:
        """Shape (stretches, f): the same of each stretch, from sums up to each place."""
        sums = np.zeros((len(spans), len(self.families)), dtype=np.float32)
        counts = np.zeros(len(spans), dtype=np.float32)
        starts, ends = np.array(spans).T
        for width, found in features(text):
            upto = np.zeros((len(found) + 1, len(self.families)), dtype=np.float32)
            np.cumsum(self._weights(found), axis=0, out=upto[1:])
            last = np.maximum(ends - width + 1, starts)
            sums += upto[last] - upto[starts]
            counts += last - starts
        return np.asarray(sums / np.sqrt(np.maximum(counts, 1))[:, None], dtype=np.float32)

    def _weights(self, found: Hashes) -> Numbers:
        """Shape (features, f); nothing for what is not known."""
        places = np.minimum(np.searchsorted(self.hashes, found), len(self.hashes) - 1)
        return np.where((self.hashes[places] == found)[:, None], self.weights[places], np.float32(0))


def features(text: str) -> list[tuple[int, Hashes]]:
    """The hashed features of a text by kind: how many characters one spans, and one per place where it begins."""
    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    found = []
    for kind, offsets in enumerate([*(tuple(range(run)) for run in RUNS), *((0, apart) for apart in APART)]):
        width = offsets[-1] + 1
        count = len(codes) - width + 1
        if count < 1:
            continue
        hashed = np.full(count, (_BASIS + kind) & 0xFFFFFFFF, dtype=np.uint32)
        for offset in offsets:
            hashed = (hashed ^ codes[offset : offset + count]) * _PRIME
            hashed ^= hashed >> np.uint32(15)
        found.append((width, hashed))
    return found


def stretches(length: int) -> list[tuple[int, int]]:
    """Where the stretches of a text begin and end: all of it, and windows of one that is long."""
    if length <= WINDOW_CHARS + STEP_CHARS:
        return [(0, length)]
    starts = range(0, length - WINDOW_CHARS + STEP_CHARS, STEP_CHARS)
    return [(start, min(length, start + WINDOW_CHARS)) for start in starts]


def save(detector: Detector, path: Path) -> None:
    """Writes a detector."""
    tensors: dict[str, NDArray[Any]] = {
        "hashes": detector.hashes,
        "weights": detector.weights.astype(np.float16),
        "bias": detector.bias,
    }
    save_file(tensors, path, {"families": ",".join(detector.families), "ask_at": str(detector.ask_at)})


def load(path: Path) -> Detector:
    """Reads a detector.

    Raises:
        OSError, safetensors.SafetensorError: The file is missing or damaged.
    """
    with safe_open(path, framework="numpy") as opened:
        told = opened.metadata()
        return Detector(
            families=tuple(told["families"].split(",")),
            hashes=opened.get_tensor("hashes"),
            weights=opened.get_tensor("weights").astype(np.float32),
            bias=opened.get_tensor("bias"),
            ask_at=float(told["ask_at"]),
        )


@cache
def shipped() -> Detector:
    """The detector that ships."""
    with as_file(files("assistant.safety").joinpath(FILE)) as path:
        return load(path)


def none_of(families: Sequence[str]) -> Detector:
    """A detector that suspects nothing."""
    width = len(families)
    empty = np.zeros(1, dtype=np.uint32)
    nothing = np.zeros((1, width), dtype=np.float32)
    return Detector(tuple(families), empty, nothing, np.full(width, -9, dtype=np.float32), 0.0)


def _bounded(text: str) -> str:
    half = LOOKED_AT_CHARS // 2
    return text if len(text) <= LOOKED_AT_CHARS else text[:half] + text[-half:]
