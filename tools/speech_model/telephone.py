"""What rooms, noise and telephone lines do to speech, at 8 kHz on samples in the range of int16."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tools.speech_model.features import RATE_HZ

Floats = NDArray[np.float32]
FULL_SCALE = 32768.0
FRAME = 160
CLIP_SECONDS = 12
MU = 255.0
A = 87.6


def fit(samples: Floats, count: int) -> Floats:
    """The first `count` samples, repeated where there are fewer."""
    return np.resize(samples, count)


def rms(samples: Floats) -> float:
    """Root mean square, at least a little."""
    return float(np.sqrt(np.mean(samples**2) + 1e-3))


def speech_rms(samples: Floats) -> float:
    """RMS of the louder half of 20 ms frames, so that pauses do not count."""
    whole = samples[: samples.size // FRAME * FRAME].reshape(-1, FRAME)
    if not whole.size:
        return rms(samples)
    power = np.sort((whole**2).mean(axis=1))
    return float(np.sqrt(power[power.size // 2 :].mean() + 1e-3))


def mix(speech: Floats, noise: Floats, snr_db: float) -> Floats:
    """Adds noise at a signal-to-noise ratio that counts the speech only."""
    gain = speech_rms(speech) / rms(noise) * 10 ** (-snr_db / 20)
    return np.asarray(speech + gain * fit(noise, speech.size), dtype=np.float32)


def quick_size(count: int) -> int:
    """A length that the Fourier transform is quick at, at least `count`."""
    return next(size for power in range(10, 32) for size in (1 << power, 3 << (power - 1)) if size >= count)


def shaped(samples: Floats, response: Callable[[Floats], Floats]) -> Floats:
    """Filters by a magnitude response, a function of the frequency in Hz."""
    size = quick_size(samples.size)
    hz = np.fft.rfftfreq(size, 1 / RATE_HZ).astype(np.float32)
    spectrum = np.fft.rfft(samples.astype(np.float32), size) * response(hz)
    return np.fft.irfft(spectrum, size)[: samples.size].astype(np.float32)


def line_response(low_hz: float, high_hz: float, tilt_db: float) -> Callable[[Floats], Floats]:
    """A telephone's band, and a microphone that prefers high or low sounds by so many dB per decade."""

    def response(hz: Floats) -> Floats:
        hz = np.maximum(hz, 20.0)
        fall = (1 + (low_hz / hz) ** 8) * (1 + (hz / high_hz) ** 12)
        return np.asarray((hz / 1000) ** np.float32(tilt_db / 20) / np.sqrt(fall), dtype=np.float32)

    return response


def reverberate(samples: Floats, response: Floats) -> Floats:
    """Convolves with a room's response; the length stays."""
    size = quick_size(samples.size + response.size)
    both = np.fft.rfft(samples.astype(np.float32), size) * np.fft.rfft(response, size)
    return np.fft.irfft(both, size)[: samples.size].astype(np.float32)


def mulaw(samples: Floats) -> Floats:
    """There and back through mu-law."""
    level = np.clip(samples / FULL_SCALE, -1, 1)
    code = np.round(np.sign(level) * np.log1p(MU * np.abs(level)) / np.log1p(MU) * 127) / 127
    return np.asarray(np.sign(code) * np.expm1(np.abs(code) * np.log1p(MU)) / MU * FULL_SCALE, dtype=np.float32)


def alaw(samples: Floats) -> Floats:
    """There and back through A-law."""
    level = np.clip(samples / FULL_SCALE, -1, 1)
    size, base = np.abs(level), 1 + np.log(A)
    code = np.where(size < 1 / A, A * size, 1 + np.log(np.maximum(A * size, 1))) / base
    code = np.round(code * 127) / 127
    size = np.where(code < 1 / base, code * base / A, np.exp(code * base - 1) / A)
    return np.asarray(np.sign(level) * size * FULL_SCALE, dtype=np.float32)


def lose_packets(samples: Floats, rng: np.random.Generator, share: float) -> Floats:
    """Lost 20 ms frames repeat the one before, fainter, as telephones conceal them."""
    heard = samples.copy()
    for start in np.flatnonzero(rng.random(samples.size // FRAME) < share) * FRAME:
        if start >= FRAME:
            heard[start : start + FRAME] = 0.5 * heard[start - FRAME : start]
    return heard


def room(rng: np.random.Generator) -> Floats:
    """A small room's impulse response: the direct sound, some early reflections, a decaying tail."""
    seconds = rng.uniform(0.08, 0.55)
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    tail = rng.normal(size=time.size) * np.exp(-6.9 * time / seconds) * rng.uniform(0.02, 0.2)
    for _ in range(rng.integers(1, 6)):
        tail[rng.integers(8, min(240, time.size))] += rng.uniform(-0.5, 0.5)
    tail[0] = 1.0
    return tail.astype(np.float32)


def coloured(rng: np.random.Generator, slope: float) -> Floats:
    """Noise whose level falls with frequency: 0 white, 0.5 pink, 1 brown."""
    white = rng.normal(size=CLIP_SECONDS * RATE_HZ).astype(np.float32)
    return shaped(white, lambda hz: np.asarray(np.maximum(hz, 30.0) ** np.float32(-slope)))


def hum(rng: np.random.Generator) -> Floats:
    """Mains hum with harmonics over a little hiss."""
    time = np.arange(CLIP_SECONDS * RATE_HZ) / RATE_HZ
    parts = sum(rng.uniform(0, 1) * np.sin(2 * np.pi * 50 * n * time + rng.uniform(0, 6)) for n in range(1, 12))
    return np.asarray(parts + 0.2 * rng.normal(size=time.size), dtype=np.float32)


def music(rng: np.random.Generator) -> Floats:
    """Chords with harmonics that change a few times a second."""
    clip = np.zeros(CLIP_SECONDS * RATE_HZ, dtype=np.float32)
    start = 0
    while start < clip.size:
        count = min(int(rng.uniform(0.12, 0.6) * RATE_HZ), clip.size - start)
        time = np.arange(count) / RATE_HZ
        for _ in range(rng.integers(1, 4)):
            pitch = 110 * 2 ** (rng.integers(0, 36) / 12)
            for harmonic in range(1, 6):
                tone = np.sin(2 * np.pi * pitch * harmonic * time) * np.exp(-3 * time) / harmonic
                clip[start : start + count] += tone.astype(np.float32)
        start += count
    return clip


def street(rng: np.random.Generator) -> Floats:
    """Coloured noise that swells and fades, with knocks."""
    noise = coloured(rng, rng.uniform(0.4, 1.0))
    time = np.arange(noise.size) / RATE_HZ
    noise *= (1 + 0.8 * np.sin(2 * np.pi * rng.uniform(0.1, 1.5) * time)).astype(np.float32)
    level = rms(noise)
    for start in rng.integers(0, noise.size - 800, size=rng.integers(0, 20)):
        noise[start : start + 800] += (
            level * rng.uniform(2, 10) * rng.normal(size=800) * np.exp(-np.arange(800) / rng.uniform(30, 200))
        ).astype(np.float32)
    return noise
