"""Tells speech from noise and silence by level and its movement, apart from any recogniser."""

import numpy as np

from telephony.audio.pcm import FRAME_SAMPLES, FRAME_SECONDS, SILENT_DBFS, Pcm16

SILENT_BELOW_DBFS = -55.0
LIVELY_DB = 9.0
LIVELY_FRAMES = 4
FLOOR_SHARE = 0.2
SOUND_FRAMES = 4
WITHIN_PEAK_DB = 22.0


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

    def loud_span(self) -> tuple[float, float] | None:
        """Seconds from the beginning at which the first and the last sound of some length were; None for none."""
        levels = np.array(self._levels)
        if not levels.size:
            return None
        floor = float(np.quantile(levels, FLOOR_SHARE))
        loud = levels > max(floor + LIVELY_DB, levels.max() - WITHIN_PEAK_DB, SILENT_BELOW_DBFS)
        runs = np.flatnonzero(np.convolve(loud, np.ones(SOUND_FRAMES), mode="valid") >= SOUND_FRAMES)
        if not runs.size:
            return None
        return float(runs[0]) * FRAME_SECONDS, float(runs[-1] + SOUND_FRAMES) * FRAME_SECONDS

    @property
    def lively(self) -> bool:
        """The level moved as speech does."""
        if not self._levels:
            return False
        levels = np.array(self._levels)
        floor = float(np.quantile(levels, FLOOR_SHARE))
        return int((levels > max(floor + LIVELY_DB, SILENT_BELOW_DBFS)).sum()) >= LIVELY_FRAMES
