"""Turns recordings into what a telephone would bring, each time another speaker, room, noise and line."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import soxr

from tools.speech_model import telephone
from tools.speech_model.features import RATE_HZ, STEP, Floats, mfcc
from tools.speech_model.recordings import RATE_HZ as SOURCE_HZ
from tools.speech_model.recordings import Corpus, Pcm, Utterance

NOISES = 48
ROOMS = 120
LONGEST_SECONDS = 6.0


@dataclass(frozen=True)
class Example:
    """Features and what was said."""

    features: Floats
    units: tuple[int, ...]


@dataclass(frozen=True)
class Source:
    """A corpus's share in the examples.

    Attributes:
        pick: Draws an utterance.
        partner: Draws another of the same speaker, to be said after it.
        share: Weight among the sources.
        joined: How often several utterances follow each other.
        steps: Range of the frame step; above 80 makes slow speech faster.
    """

    corpus: Corpus
    pick: Callable[[np.random.Generator], Utterance]
    partner: Callable[[np.random.Generator, Utterance], Utterance]
    share: float
    joined: float
    steps: tuple[float, float] = (70.0, 100.0)


class Augmenter:
    """Makes examples without end.

    Args:
        sources: Where speech comes from.
        seed: Of everything drawn.
    """

    def __init__(self, sources: list[Source], seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._sources = sources
        self._weights = np.array([source.share for source in sources]) / sum(source.share for source in sources)
        self._rooms = [telephone.room(self._rng) for _ in range(ROOMS)]
        self._noises = [self._noise(number) for number in range(NOISES)]

    def example(self) -> Example:
        """One utterance, changed; about one in forty holds noise alone."""
        rng = self._rng
        if rng.random() < 0.025:
            return Example(self._features(self._line(self._only_noise()), 1.0, STEP), ())
        source = self._sources[rng.choice(len(self._sources), p=self._weights)]
        speech, units, warp, step = self._speech(source)
        return Example(self._features(self._line(self._surroundings(speech)), warp, step), units)

    def _speech(self, source: Source) -> tuple[Floats, tuple[int, ...], float, float]:
        """Speech of one voice that does not exist: pitch, tract and pace are drawn apart from each other."""
        rng = self._rng
        rate = float(np.exp(rng.normal(-0.03, 0.12)).clip(0.72, 1.3))
        tract = float(np.exp(rng.normal(0.0, 0.06)).clip(0.86, 1.16))
        warp = float(np.clip(tract / rate**0.6, 0.82, 1.2))
        step = float(rng.uniform(*source.steps) / rate**0.7)
        first = source.pick(rng)
        said = [first]
        while rng.random() < source.joined and len(said) < 4:
            said.append(source.partner(rng, first))
        parts: list[Floats] = [self._pause(0.05, 0.5)]
        for number, utterance in enumerate(said):
            if number:
                parts.append(self._pause(0.0, 0.5) if rng.random() < 0.6 else self._pause(0.0, 0.03))
            parts.append(_voice(source.corpus.pcm(utterance), rate))
        parts.append(self._pause(0.05, 0.5))
        units = tuple(unit for utterance in said for unit in utterance.units)
        return np.concatenate(parts)[: int(LONGEST_SECONDS * RATE_HZ * 1.4)], units, warp, step

    def _pause(self, shortest: float, longest: float) -> Floats:
        return np.zeros(int(self._rng.uniform(shortest, longest) * RATE_HZ), dtype=np.float32)

    def _surroundings(self, speech: Floats) -> Floats:
        rng = self._rng
        if rng.random() < 0.4:
            speech = telephone.reverberate(speech, self._rooms[rng.integers(ROOMS)])
        if rng.random() < 0.6:
            clip = np.roll(self._noises[rng.integers(NOISES)], rng.integers(RATE_HZ * telephone.CLIP_SECONDS))
            return telephone.mix(speech, clip, float(rng.uniform(3, 30)))
        return telephone.mix(speech, self._noises[0], float(rng.uniform(25, 60)))

    def _only_noise(self) -> Floats:
        rng = self._rng
        clip = np.roll(self._noises[rng.integers(NOISES)], rng.integers(RATE_HZ * telephone.CLIP_SECONDS))
        return np.asarray(clip[: int(rng.uniform(0.5, 2.5) * RATE_HZ)] / telephone.rms(clip) * 1000, dtype=np.float32)

    def _line(self, samples: Floats) -> Floats:
        """Microphone, band, level, clipping, codec, lost packets."""
        rng = self._rng
        if rng.random() < 0.75:
            tilt = float(rng.uniform(-8, 8)) if rng.random() < 0.4 else 0.0
            passed = telephone.line_response(float(rng.uniform(80, 400)), float(rng.uniform(3000, 3700)), tilt)
            samples = telephone.shaped(samples, passed)
        level = 10 ** (rng.triangular(-48, -20, -6) / 20) * telephone.FULL_SCALE
        samples = np.clip(samples * (level / telephone.speech_rms(samples)), -32768, 32767).astype(np.float32)
        draw = rng.random()
        if draw < 0.55:
            samples = telephone.mulaw(samples)
        elif draw < 0.8:
            samples = telephone.alaw(samples)
        if rng.random() < 0.08:
            samples = telephone.lose_packets(samples, rng, float(rng.uniform(0.01, 0.08)))
        return samples

    def _features(self, samples: Floats, warp: float, step: float) -> Floats:
        dithered = np.round(samples) + self._rng.normal(size=samples.size).astype(np.float32)
        return mfcc(dithered.astype(np.float32), warp=warp, step=step)

    def _noise(self, number: int) -> Floats:
        rng = self._rng
        match number % 8:
            case 0:
                return telephone.coloured(rng, 0.0)
            case 1:
                return telephone.coloured(rng, float(rng.uniform(0.3, 1.0)))
            case 2:
                return telephone.hum(rng)
            case 3:
                return telephone.music(rng)
            case 4 | 5:
                return telephone.street(rng)
        return self._babble(int(rng.integers(3, 9)))

    def _babble(self, voices: int) -> Floats:
        """Several people at once, backwards so that no word of theirs is to be heard."""
        clip = np.zeros(telephone.CLIP_SECONDS * RATE_HZ, dtype=np.float32)
        for _ in range(voices):
            source = self._sources[self._rng.integers(len(self._sources))]
            said = [_voice(source.corpus.pcm(source.pick(self._rng)), 1.0)[::-1] for _ in range(14)]
            joined = np.concatenate(said)
            clip += telephone.fit(joined / telephone.rms(joined), clip.size)
        return clip


def _voice(pcm: Pcm, rate: float) -> Floats:
    """At 8 kHz and about one level; a rate above 1 is higher and faster."""
    samples = soxr.resample(pcm.astype(np.float32), SOURCE_HZ * rate, RATE_HZ, quality="LQ")
    return np.asarray(samples / telephone.speech_rms(samples) * 3000, dtype=np.float32)
