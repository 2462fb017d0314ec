"""A language of pure tones and a model that hears it: real Vosk, graph and features without any training.

Every unit sounds as a tone of its own; the network is one affine, solved by least squares.
"""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import numpy as np

from tools.speech_model.export import Affine
from tools.speech_model.features import CEPS, RATE_HZ, STEP, WINDOW, Floats, mfcc
from tools.speech_model.package import Description, write_model
from tools.speech_model.units import BLANK, UNITS, unit_ids, word_units

LOWEST_HZ = 250.0
HIGHEST_HZ = 3300.0
TONE_SECONDS = 0.12
PAUSE_SECONDS = 0.3
SURE = 8.0


def tone_hz(unit: int) -> float:
    """The pitch of a unit; the scale is the one that the features hear."""
    lowest, highest = (1127 * float(np.log1p(hz / 700)) for hz in (LOWEST_HZ, HIGHEST_HZ))
    mel = np.linspace(lowest, highest, len(UNITS))
    return float(700 * np.expm1(mel[unit - 1] / 1127))


def speak(words: Sequence[str], *, pause_seconds: float = PAUSE_SECONDS, level: float = 4000.0) -> Floats:
    """Words as tones with pauses before, between and after."""
    pause: Floats = np.zeros(int(pause_seconds * RATE_HZ), dtype=np.float32)
    parts: list[Floats] = [pause]
    for word in words:
        parts += [_tone(unit, level) for unit in unit_ids(word_units(word))] + [pause]
    samples = np.concatenate(parts)
    return (samples + np.random.default_rng(1).normal(size=samples.size)).astype(np.float32)


def pcm16(samples: Floats) -> bytes:
    """As a call brings it."""
    return np.clip(np.round(samples), -32768, 32767).astype("<i2").tobytes()


def make_model(folder: Path, words: Sequence[str]) -> Path:
    """Writes a model of these words."""
    write_model([_network(words)], words, folder, Description("tones", 0.0, ()))
    return folder


def _tone(unit: int, level: float) -> Floats:
    time = np.arange(int(TONE_SECONDS * RATE_HZ)) / RATE_HZ
    return (level * np.sin(2 * np.pi * tone_hz(unit) * time) * np.hanning(time.size) ** 0.3).astype(np.float32)


def _network(words: Sequence[str]) -> Affine:
    """Solves features to units over the words as they are spoken, each at several levels, pauses included."""
    rows, targets = [], []
    for word in [*words, *("".join(pair) for pair in permutations(words, 2))]:
        for level in (2000.0, 4000.0, 8000.0):
            features = mfcc(speak([word], level=level))
            rows.append(features)
            targets += _heard_units(word, len(features))
    inputs = np.concatenate(rows)
    wanted = np.zeros((len(inputs), len(UNITS) + 1))
    wanted[np.arange(len(inputs)), targets] = SURE
    with_bias = np.hstack([inputs, np.ones((len(inputs), 1))])
    solved = np.linalg.lstsq(with_bias.T @ with_bias + 1e-2 * np.eye(CEPS + 1), with_bias.T @ wanted, rcond=None)[0]
    return Affine(solved[:-1].T.astype(np.float32), solved[-1].astype(np.float32), (0,))


def _heard_units(word: str, frames: int) -> list[int]:
    """The unit in the middle of each frame; 0 in the pauses."""
    units = unit_ids(word_units(word))
    middles = (np.arange(frames) * STEP + WINDOW / 2) / RATE_HZ - PAUSE_SECONDS
    places = np.floor(middles / TONE_SECONDS).astype(int)
    return [units[place] if 0 <= place < len(units) else BLANK for place in places]
