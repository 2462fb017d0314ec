"""Turns recordings into what a telephone would bring, each time another speaker, room and line; as mel energies."""

import numpy as np
import soxr

from tools.speech_model import telephone
from tools.speech_model.features import RATE_HZ, Floats, log_mels
from tools.speech_model.recordings import RATE_HZ as SOURCE_HZ
from tools.speech_model.recordings import Pcm

NOISES = 48
ROOMS = 120
EDGE_SECONDS = 0.06


class Renderer:
    """Makes takes of recordings, each as of a voice that does not exist.

    Args:
        seed: Of everything drawn.
    """

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._rooms = [telephone.room(self._rng) for _ in range(ROOMS)]

    def take(self, pcm: Pcm, steps: tuple[float, float]) -> Floats:
        """Log mel energies of one take; pitch, tract and pace are drawn apart from each other.

        Args:
            pcm: At 16 kHz.
            steps: Range of the frame step; above 80 makes slow speech faster.
        """
        rng = self._rng
        rate = float(np.exp(rng.normal(-0.04, 0.14)).clip(0.68, 1.3))
        tract = float(np.exp(rng.normal(0.0, 0.06)).clip(0.86, 1.16))
        warp = float(np.clip(tract / rate**0.6, 0.82, 1.2))
        step = float(rng.uniform(*steps) / rate**0.7)
        edge = np.zeros(int(EDGE_SECONDS * RATE_HZ), dtype=np.float32)
        speech = np.concatenate([edge, _voice(pcm, rate), edge])
        if rng.random() < 0.4:
            speech = telephone.reverberate(speech, self._rooms[rng.integers(ROOMS)])
        return log_mels(self._line(speech), warp=warp, step=step)

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
        return np.asarray(np.round(samples), dtype=np.float32)


def noise_mels(babblers: list[Pcm], seed: int) -> list[Floats]:
    """Log mel energies of clips of noise: hiss, hum, music, street, and several people speaking backwards at once."""
    rng = np.random.default_rng(seed)
    return [log_mels(_noise(number, babblers, rng) * np.float32(300)) for number in range(NOISES)]


def _noise(number: int, babblers: list[Pcm], rng: np.random.Generator) -> Floats:
    match number % 8:
        case 0:
            clip = telephone.coloured(rng, 0.0)
        case 1:
            clip = telephone.coloured(rng, float(rng.uniform(0.3, 1.0)))
        case 2:
            clip = telephone.hum(rng)
        case 3:
            clip = telephone.music(rng)
        case 4 | 5:
            clip = telephone.street(rng)
        case _:
            clip = _babble(int(rng.integers(3, 9)), babblers, rng)
    return np.asarray(clip / telephone.rms(clip), dtype=np.float32)


def _babble(voices: int, babblers: list[Pcm], rng: np.random.Generator) -> Floats:
    clip = np.zeros(telephone.CLIP_SECONDS * RATE_HZ, dtype=np.float32)
    for _ in range(voices):
        said = [_voice(babblers[int(rng.integers(len(babblers)))], 1.0)[::-1] for _ in range(14)]
        joined = np.concatenate(said)
        clip += telephone.fit(joined / telephone.rms(joined), clip.size)
    return clip


def _voice(pcm: Pcm, rate: float) -> Floats:
    """At 8 kHz and about one level; a rate above 1 is higher and faster."""
    samples = soxr.resample(pcm.astype(np.float32), SOURCE_HZ * rate, RATE_HZ, quality="LQ")
    return np.asarray(samples / telephone.speech_rms(samples) * 3000, dtype=np.float32)
