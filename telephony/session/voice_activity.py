"""Whether somebody is speaking in this frame: by pipecat's Silero model, or by level alone."""

import copy
from collections import deque
from functools import cache
from importlib.resources import as_file, files
from typing import Protocol

import numpy as np
from pipecat.audio.vad.silero import SileroOnnxModel

from telephony.audio.pcm import FRAME_SECONDS, FULL_SCALE, RATE_HZ, louder

SPEECH_DBFS = -38.0
GATE_DBFS = -52.0
GATE_HOLD_SECONDS = 0.5
GATE_PRE_FRAMES = 3
WINDOW_BYTES = 512  # 256 samples, what the model takes at 8 kHz
SPEECH_SCORE = 0.5
CLEARLY_NONE_SCORE = 0.1
RESET_WINDOWS = 62  # two seconds: without a reset, music or long noise leave the model deaf to the speech after it
RESET_QUIET_WINDOWS = 5


class VoiceActivity(Protocol):
    """One per call."""

    def take(self, pcm: bytes) -> bool:
        """Takes 20 ms of int16 at 8 kHz; whether there is speech in them."""
        ...


class LevelActivity:
    """Loud enough is speech; for calls whose words come from elsewhere."""

    def take(self, pcm: bytes) -> bool:
        return louder(pcm, SPEECH_DBFS)


class SileroActivity:
    """Silero inline, one thread, a quarter of a millisecond per window; quiet frames pass it by.

    pipecat's own processor sends each window through a thread pool, which saturates a process at a dozen calls.
    """

    def __init__(self) -> None:
        self._model = copy.copy(_shared_model())  # one session for all calls, a state for each
        self._model.reset_states()  # type: ignore[no-untyped-call]
        self._rest = b""
        self._before: deque[bytes] = deque(maxlen=GATE_PRE_FRAMES)
        self._open_seconds = 0.0
        self._windows = self._none = 0
        self._score = 0.0

    def take(self, pcm: bytes) -> bool:
        if louder(pcm, GATE_DBFS):
            self._open_seconds = GATE_HOLD_SECONDS
        elif self._open_seconds <= 0:
            self._close(pcm)
            return False
        else:
            self._open_seconds -= FRAME_SECONDS
        self._rest += b"".join(self._before) + pcm
        self._before.clear()
        while len(self._rest) >= WINDOW_BYTES:
            self._window(self._rest[:WINDOW_BYTES])
            self._rest = self._rest[WINDOW_BYTES:]
        return self._score >= SPEECH_SCORE

    def _close(self, pcm: bytes) -> None:
        if self._windows:
            self._reset()
            self._rest = b""
        self._score = 0.0
        self._before.append(pcm)

    def _window(self, data: bytes) -> None:
        samples = np.frombuffer(data, dtype="<i2").astype(np.float32) / np.float32(FULL_SCALE)
        self._score = float(self._model(samples, RATE_HZ)[0].item())
        self._windows += 1
        self._none = self._none + 1 if self._score < CLEARLY_NONE_SCORE else 0
        if self._windows >= RESET_WINDOWS and self._none >= RESET_QUIET_WINDOWS:
            self._reset()

    def _reset(self) -> None:
        self._model.reset_states()  # type: ignore[no-untyped-call]
        self._windows = self._none = 0


@cache
def _shared_model() -> SileroOnnxModel:
    with as_file(files("pipecat.audio.vad.data") / "silero_vad.onnx") as path:
        return SileroOnnxModel(str(path))  # type: ignore[no-untyped-call]
