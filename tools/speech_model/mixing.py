"""Examples without end from takes: joined, at another pace, tract, line and level, in noise; all on mel energies.

Working on energies instead of samples costs a hundredth, so that the processor's time goes into learning.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from tools.speech_model.features import MELS, SMALLEST_ENERGY, Floats, cepstra
from tools.speech_model.takes import Take, Takes

FLOOR = float(np.log(SMALLEST_ENERGY))
LONGEST_FRAMES = 600
PER_DB = float(np.log(10) / 10)
NOISE_ALONE = 0.025
WARPS = 21
PACES = (float(np.log(0.62)), float(np.log(1.25)))
"""Old and ill people speak slowly, and alone a syllable is twice as long as in a sentence."""


@dataclass(frozen=True)
class Example:
    """Features and what was said."""

    features: Floats
    units: tuple[int, ...]


@dataclass(frozen=True)
class Source:
    """A group of takes and its share in the examples.

    Attributes:
        takes: Where speech comes from.
        pools: Weights and numbers of takes: what is needed most, and the rest.
        share: Weight among the sources.
        joined: How often another take of the same speaker follows.
    """

    takes: Takes
    pools: tuple[tuple[float, tuple[int, ...]], ...]
    share: float
    joined: float

    def pick(self, rng: np.random.Generator) -> Take:
        """Draws a take."""
        draw = rng.random() * sum(weight for weight, _ in self.pools)
        for weight, pool in self.pools:
            draw -= weight
            if draw < 0:
                return self.takes.takes[pool[int(rng.integers(len(pool)))]]
        return self.takes.takes[self.pools[-1][1][0]]

    def partner(self, rng: np.random.Generator, first: Take) -> Take:
        """Another take of that speaker, the needed ones preferred as ever."""
        for _ in range(20):
            found = self.pick(rng)
            if found.speaker == first.speaker:
                return found
        return first


class Mixer:
    """Makes examples.

    Args:
        sources: Where speech comes from.
        noises: Log mel energies of clips of noise.
        seed: Of everything drawn.
    """

    def __init__(self, sources: Sequence[Source], noises: Sequence[Floats], seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._sources = sources
        self._noises = noises
        self._ends = np.cumsum([source.share for source in sources]) / sum(source.share for source in sources)

    def example(self) -> Example:
        """One utterance, changed; about one in forty holds noise alone."""
        rng = self._rng
        if rng.random() < NOISE_ALONE:
            clip = self._clip(int(rng.integers(50, 250)))
            return Example(cepstra(clip + np.float32(rng.uniform(-60, 20) * PER_DB)), ())
        source = self._sources[int(np.searchsorted(self._ends, rng.random(), side="right"))]
        speech, units = self._speech(source)
        return Example(cepstra(np.maximum(self._noisy(self._shaped(speech)), FLOOR).astype(np.float32)), units)

    def _speech(self, source: Source) -> tuple[Floats, tuple[int, ...]]:
        rng = self._rng
        first = source.pick(rng)
        said = [first]
        while rng.random() < source.joined and len(said) < 4:
            said.append(source.partner(rng, first))
        pace = float(np.exp(rng.uniform(*PACES)))
        parts = [_gap(int(rng.integers(4, 26)))]
        for number, take in enumerate(said):
            if number:
                parts.append(_gap(int(rng.integers(0, 40))) if rng.random() < 0.5 else _gap(0))
            mels = source.takes.mels(take)
            if len(said) > 1:  # one speaker on one line: no jump of the level between the parts
                mels = mels - np.float32(mels.max() - source.takes.mels(first).max())
            parts.append(_at_pace(mels, pace))
        parts.append(_gap(int(rng.integers(4, 26))))
        return np.concatenate(parts)[:LONGEST_FRAMES], tuple(unit for take in said for unit in take.units)

    def _shaped(self, mels: Floats) -> Floats:
        """Another vocal tract, another microphone, another level."""
        rng = self._rng
        if rng.random() < 0.7:
            mels = mels @ _warp(int(rng.integers(WARPS)))
        places = np.linspace(-1, 1, MELS, dtype=np.float32)
        curve = rng.normal(0, 2.5) * places + rng.normal(0, 1.5) * (2 * places**2 - 1)
        level = rng.normal(0, 5)
        return np.asarray(mels + np.float32(PER_DB) * (curve + level).astype(np.float32), dtype=np.float32)

    def _noisy(self, mels: Floats) -> Floats:
        rng = self._rng
        draw = rng.random()
        if draw < 0.14:
            return mels
        clip = self._clip(len(mels)) if draw < 0.75 else self._hiss(len(mels))
        snr_db = rng.uniform(4, 32) if draw < 0.75 else rng.uniform(20, 55)
        clip = clip + np.float32(_level(mels) - _level(clip) - snr_db * PER_DB)
        return np.logaddexp(mels, clip)

    def _clip(self, frames: int) -> Floats:
        noise = self._noises[int(self._rng.integers(len(self._noises)))]
        start = int(self._rng.integers(max(1, len(noise) - frames)))
        return np.resize(noise[start : start + frames], (frames, MELS))

    def _hiss(self, frames: int) -> Floats:
        noise = self._noises[0]
        start = int(self._rng.integers(max(1, len(noise) - frames)))
        return np.resize(noise[start : start + frames], (frames, MELS))


def _gap(frames: int) -> Floats:
    return np.full((frames, MELS), FLOOR, dtype=np.float32)


def _at_pace(mels: Floats, pace: float) -> Floats:
    """Frames between frames; above 1 is faster."""
    count = max(2, int(len(mels) / pace))
    places = np.linspace(0, len(mels) - 1, count)
    before = np.minimum(places.astype(np.int64), len(mels) - 2)
    share = (places - before).astype(np.float32)[:, None]
    return np.asarray(mels[before] * (1 - share) + mels[before + 1] * share, dtype=np.float32)


def _level(mels: Floats) -> float:
    """Logarithm of the mean energy of the louder half of the frames."""
    energy = np.sort(np.exp(np.minimum(mels, 40.0)).sum(axis=1))
    return float(np.log(energy[len(energy) // 2 :].mean() + SMALLEST_ENERGY))


@cache
def _warp(number: int) -> Floats:
    """A matrix that moves energies along the mel axis, by up to a twelfth of the frequency."""
    factor = 0.92 + 0.16 * number / (WARPS - 1)
    top = 1127 * np.log1p(3600 / 700)
    mels = np.linspace(1127 * np.log1p(20 / 700), top, MELS + 2)[1:-1]
    wanted = 1127 * np.log1p(700 * np.expm1(mels / 1127) * factor / 700)
    places = np.clip(np.interp(wanted, mels, np.arange(MELS)), 0, MELS - 1.001)
    matrix = np.zeros((MELS, MELS), dtype=np.float32)
    before = places.astype(int)
    matrix[before, np.arange(MELS)] = 1 - (places - before)
    matrix[before + 1, np.arange(MELS)] += places - before
    return matrix
