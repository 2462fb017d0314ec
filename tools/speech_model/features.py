"""MFCC as Vosk computes them with `conf/mfcc.conf`, vectorised, with a warped frequency axis and any frame step.

Definitions follow Kaldi's `compute-mfcc-feats` (Povey's window, power spectrum, mel filters, DCT, lifter 22).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

RATE_HZ = 8000
WINDOW = 200
STEP = 80
FFT = 256
CEPS = 40
MELS = 40
LOW_HZ = 20.0
HIGH_HZ = 3600.0
PREEMPHASIS = 0.97
LIFTER = 22.0
SMALLEST_ENERGY = float(np.finfo(np.float32).eps)
CONF = {
    "sample-frequency": "8000",
    "use-energy": "false",
    "num-mel-bins": str(MELS),
    "num-ceps": str(CEPS),
    "low-freq": "20",
    "high-freq": "-400",
    "dither": "0.0",  # Kaldi draws it anew for every stream: the same sound would not always give the same words
}


def mfcc(pcm: Floats, *, warp: float = 1.0, step: float = STEP) -> Floats:
    """MFCC of samples at 8 kHz in the range of int16; arguments as of `log_mels`.

    Returns:
        Shape (frames, 40); frames lie wholly within the samples.
    """
    return cepstra(log_mels(pcm, warp=warp, step=step))


def cepstra(mels: Floats) -> Floats:
    """MFCC of logarithmic mel energies, shapes (frames, 40)."""
    return np.asarray(mels @ _cosines(), dtype=np.float32)


def log_mels(pcm: Floats, *, warp: float = 1.0, step: float = STEP) -> Floats:
    """Logarithmic mel energies.

    Args:
        pcm: Samples, shape (n,).
        warp: Factor on the frequency axis; above 1 sounds like a shorter vocal tract.
        step: Samples between frames; 80 as in the recogniser, more makes speech faster.

    Returns:
        Shape (frames, 40).
    """
    count = int((pcm.size - WINDOW) // step) + 1
    if count <= 0:
        return np.zeros((0, MELS), dtype=np.float32)
    starts = np.round(np.arange(count) * step).astype(np.int64)
    frames = np.lib.stride_tricks.sliding_window_view(pcm, WINDOW)[starts].astype(np.float32)
    frames -= frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    windowed = (frames - np.float32(PREEMPHASIS) * before) * _window()
    spectrum = np.fft.rfft(windowed, FFT, axis=1)[:, : FFT // 2]
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    return np.asarray(np.log(np.maximum(power @ _mel_filters(round(warp, 2)), SMALLEST_ENERGY)), dtype=np.float32)


@cache
def _window() -> Floats:
    phase = 2 * np.pi * np.arange(WINDOW) / (WINDOW - 1)
    return np.asarray((0.5 - 0.5 * np.cos(phase)) ** 0.85, dtype=np.float32)


@cache
def _mel_filters(warp: float) -> Floats:
    def mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(1127.0 * np.log1p(hz / 700.0))

    edges = np.linspace(mel(np.array(LOW_HZ)), mel(np.array(HIGH_HZ)), MELS + 2)
    bins = mel(np.arange(FFT // 2) * RATE_HZ / FFT * warp)[:, None]
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (bins - left) / (centre - left), (right - bins) / (right - centre)
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)), dtype=np.float32)


@cache
def _cosines() -> Floats:
    """DCT-II, orthonormal, times the lifter; shape (mels, ceps)."""
    order = np.arange(CEPS)
    basis = np.cos(np.pi / MELS * (np.arange(MELS)[:, None] + 0.5) * order) * np.sqrt(2.0 / MELS)
    basis[:, 0] = np.sqrt(1.0 / MELS)
    return np.asarray(basis * (1.0 + 0.5 * LIFTER * np.sin(np.pi * order / LIFTER)), dtype=np.float32)
