"""How a recording sounds, side by side: speech and noise in dBFS, clipping, talking at once, and its outline."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from telephony.audio.pcm import FRAME_SAMPLES, FRAME_SECONDS, FULL_SCALE, SILENT_DBFS, Pcm16

FLOOR_PERCENTILE = 10
ABOVE_FLOOR_DB = 9.0
QUIETEST_SPEECH_DBFS = -55.0
HANGOVER_FRAMES = 10  # ITU-T P.56: pauses of up to 0.2 s between sounds belong to the speech
CLIPPED = 32000  # G.711's loudest code is 32124 (mu-law) or 32256 (A-law)
CLIPPED_RUN = 3
OUTLINE_STEPS = 1200

Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Side:
    """One side of a call.

    Attributes:
        speech_seconds: So long was spoken, short pauses included.
        speech_dbfs: RMS of the frames with speech; None without speech.
        noise_dbfs: RMS of the frames without; None where there is none, SILENT_DBFS for a line that was dead quiet.
        clipped_share: Share of the frames with speech that were cut off at full scale, 0 to 1.
    """

    speech_seconds: float
    speech_dbfs: float | None
    noise_dbfs: float | None
    clipped_share: float


@dataclass(frozen=True)
class Outline:
    """A recording's shape: per step and side the square root of the peak, 0 to 255 (255 is full scale)."""

    step_ms: int
    patient: bytes
    bot: bytes


@dataclass(frozen=True)
class Sound:
    """Both sides, the time that both spoke at once, and the shape."""

    patient: Side
    bot: Side
    both_seconds: float
    outline: Outline


def measure(stereo: Pcm16) -> Sound:
    """Measures a recording.

    Args:
        stereo: int16 at 8 kHz, shape (n, 2): patient left, bot right.
    """
    whole = stereo[: len(stereo) // FRAME_SAMPLES * FRAME_SAMPLES]
    patient, bot = (np.ascontiguousarray(whole[:, side]).reshape(-1, FRAME_SAMPLES) for side in (0, 1))
    patient_speaks, bot_speaks = (speech(frames) for frames in (patient, bot))
    return Sound(
        patient=_side(patient, patient_speaks),
        bot=_side(bot, bot_speaks),
        both_seconds=round(float((patient_speaks & bot_speaks).sum()) * FRAME_SECONDS, 2),
        outline=_outline(patient, bot),
    )


def speech(frames: Pcm16) -> Marks:
    """Which frames hold speech: clearly above the line's own floor, gaps of HANGOVER_FRAMES filled.

    Args:
        frames: int16, shape (n, FRAME_SAMPLES).
    """
    if not len(frames):
        return np.zeros(0, dtype=np.bool_)
    levels = _dbfs(frames)
    threshold = max(float(np.percentile(levels, FLOOR_PERCENTILE)) + ABOVE_FLOOR_DB, QUIETEST_SPEECH_DBFS)
    loud = levels > threshold
    at = np.flatnonzero(loud)
    for start, end in pairwise(at):
        if end - start <= HANGOVER_FRAMES:
            loud[start:end] = True
    return loud


def _side(frames: Pcm16, speaks: Marks) -> Side:
    spoken, quiet = frames[speaks], frames[~speaks]
    clipped = _clipped(spoken).mean() if len(spoken) else 0.0
    return Side(
        speech_seconds=round(len(spoken) * FRAME_SECONDS, 2),
        speech_dbfs=_rms_dbfs(spoken),
        noise_dbfs=_rms_dbfs(quiet),
        clipped_share=round(float(clipped), 4),
    )


def _clipped(frames: Pcm16) -> Marks:
    """Frames with CLIPPED_RUN samples in a row at full scale."""
    high = np.abs(frames.astype(np.int32)) >= CLIPPED
    run: Marks = high[:, : -CLIPPED_RUN + 1].copy()
    for shift in range(1, CLIPPED_RUN):
        run &= high[:, shift : shift + run.shape[1]]
    return np.asarray(run.any(axis=1))


def _outline(patient: Pcm16, bot: Pcm16) -> Outline:
    together = max(1, -(-len(patient) // OUTLINE_STEPS))
    return Outline(round(together * FRAME_SECONDS * 1000), _shape(patient, together), _shape(bot, together))


def _shape(frames: Pcm16, together: int) -> bytes:
    peaks = np.abs(frames.astype(np.int32)).max(axis=1, initial=0)
    padded = np.pad(peaks, (0, -len(peaks) % together)).reshape(-1, together).max(axis=1, initial=0)
    return bytes(np.round(255 * np.sqrt(np.minimum(padded / FULL_SCALE, 1.0))).astype(np.uint8))


def _dbfs(frames: Pcm16) -> npt.NDArray[np.float64]:
    power = np.mean(np.square(frames.astype(np.float32) / np.float32(FULL_SCALE)), axis=1, dtype=np.float64)
    levels: npt.NDArray[np.float64] = 10 * np.log10(np.maximum(power, 10 ** (SILENT_DBFS / 10)))
    return levels


def _rms_dbfs(frames: Pcm16) -> float | None:
    if not len(frames):
        return None
    power = float(np.mean(np.square(frames.astype(np.float32) / np.float32(FULL_SCALE)), dtype=np.float64))
    return round(max(10 * float(np.log10(power)), SILENT_DBFS), 1) if power > 0 else SILENT_DBFS
