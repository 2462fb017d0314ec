"""Chinese exchange tones by frequency and cadence (GB/T 3380: 450 Hz)."""

from collections import deque
from typing import Final, Literal

import numpy as np

from telephony.audio.pcm import FRAME_SAMPLES, FULL_SCALE, RATE_HZ, Pcm16

Tone = Literal["ringback", "busy", "congestion", "vacant"]

TONE_HZ: Final = 450
FLOOR_DBFS: Final = -42.0
PURE: Final = 0.8  # share of a frame's energy at the tone; speech and music stay below for long
FRAME_MS: Final = 20
SLACK_MS: Final = 60  # frames are cut anywhere, and trunks drop the first of a tone

# On and off times in ms that make a tone, the latest last.
CADENCES: Final[tuple[tuple[Tone, tuple[int, ...]], ...]] = (
    ("vacant", (100, 100, 100, 100, 100, 100, 400, 400)),
    ("busy", (350, 350, 350, 350, 350, 350)),
    ("congestion", (700, 700, 700, 700)),
    ("ringback", (1000, 4000)),
)
# Special information tone before an announcement of failure (ITU-T E.180): three tones of 330 ms.
SIT_HZ: Final = (950, 1400, 1800)

_TURNS: Final = {hz: np.exp(-2j * np.pi * hz / RATE_HZ * np.arange(FRAME_SAMPLES)) for hz in (TONE_HZ, *SIT_HZ)}


class ToneListener:
    """Follows how long the tone is on and off."""

    def __init__(self) -> None:
        self._rest = b""
        self._frames = 0
        self._on = False
        self._runs: deque[int] = deque(maxlen=8)
        self._sit = 0

    def take(self, pcm: bytes) -> Tone | None:
        """Takes int16 audio of any length; the tone, whenever a cadence is complete."""
        data = self._rest + pcm
        size = FRAME_SAMPLES * 2
        whole = len(data) // size * size
        self._rest = data[whole:]
        found: Tone | None = None
        for start in range(0, whole, size):
            found = self._frame(np.frombuffer(data[start : start + size], dtype="<i2")) or found
        return found

    def _frame(self, samples: Pcm16) -> Tone | None:
        hz = _loudest(samples)
        if self._is_sit(hz):
            return "vacant"
        on = hz == TONE_HZ
        if on == self._on:
            self._frames += 1
            return None
        if self._runs or self._on:
            self._runs.append(self._frames * FRAME_MS)
        self._on, self._frames = on, 1
        return self._match() if on else None

    def _match(self) -> Tone | None:
        """At the beginning of a new tone, so that the last run is an off time."""
        runs = tuple(self._runs)
        for tone, cadence in CADENCES:
            if len(runs) >= len(cadence) and _alike(runs[-len(cadence) :], cadence):
                return tone
        return None

    def _is_sit(self, hz: int | None) -> bool:
        if self._sit < len(SIT_HZ) and hz == SIT_HZ[self._sit]:
            self._sit += 1
        elif hz is not None and hz not in SIT_HZ:
            self._sit = 0
        whole = self._sit == len(SIT_HZ)
        self._sit = 0 if whole else self._sit
        return whole


def _alike(runs: tuple[int, ...], cadence: tuple[int, ...]) -> bool:
    return all(abs(run - wanted) <= max(SLACK_MS, wanted // 8) for run, wanted in zip(runs, cadence, strict=True))


def _loudest(frame: Pcm16) -> int | None:
    """The tone that a frame of 20 ms consists of; None for silence, speech and music."""
    samples = frame.astype(np.float64)
    energy = float(np.mean(np.square(samples)))
    if energy <= (FULL_SCALE * 10 ** (FLOOR_DBFS / 20)) ** 2:
        return None
    for hz, turns in _TURNS.items():
        if 2 * abs(complex(np.mean(samples * turns))) ** 2 / energy > PURE:
            return hz
    return None
