"""Tells speech from noise and silence by level and its movement, apart from any recogniser."""

import numpy as np

from telephony.audio.pcm import FRAME_SAMPLES, SILENT_DBFS, Pcm16

SILENT_BELOW_DBFS = -55.0
LIVELY_DB = 9.0
LIVELY_FRAMES = 4
FLOOR_SHARE = 0.2


class SoundMeter:
    """Collects the level of 20 ms frames.

    Speech rises and falls by 20 dB within a word; a fan, hum or hiss stays at its level.
    """

    def __init__(self) -> None:
        self._rest = np.zeros(0, dtype=np.int16)
        self._levels: list[float] = []

    def feed(self, pcm: Pcm16) -> None:
        """Takes samples, any number."""
        samples = np.concatenate([self._rest, pcm])
        whole = samples.size // FRAME_SAMPLES * FRAME_SAMPLES
        self._rest = samples[whole:]
        if whole:
            power = (samples[:whole].reshape(-1, FRAME_SAMPLES).astype(np.float64) / 32768) ** 2
            self._levels += (10 * np.log10(np.maximum(power.mean(axis=1), 1e-12))).tolist()

    @property
    def loudest_dbfs(self) -> float:
        return max(self._levels, default=SILENT_DBFS)

    @property
    def silent(self) -> bool:
        """Nothing rose above a quiet line."""
        return self.loudest_dbfs < SILENT_BELOW_DBFS

    @property
    def lively(self) -> bool:
        """The level moved as speech does."""
        if not self._levels:
            return False
        levels = np.array(self._levels)
        floor = float(np.quantile(levels, FLOOR_SHARE))
        return int((levels > max(floor + LIVELY_DB, SILENT_BELOW_DBFS)).sum()) >= LIVELY_FRAMES
