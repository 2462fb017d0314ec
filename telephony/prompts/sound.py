"""Checks and levels what staff recorded."""

import io
from dataclasses import dataclass

import numpy as np
import soundfile

from core_api.kit.errors import Invalid
from telephony.audio.measuring import measure
from telephony.audio.pcm import FULL_SCALE, RATE_HZ, Pcm16, level_dbfs
from telephony.prompts.schemas import SoundFacts
from telephony.speech.synthesis import to_telephone

LARGEST_BYTES = 10_000_000
LONGEST_SECONDS, SHORTEST_SECONDS = 60.0, 0.3
QUIETEST_DBFS = -45.0
EVEN_DBFS = -20.0  # before silence is cut, so that a quiet recording keeps its soft beginnings
LEAST_ABOVE_NOISE_DB = 20.0
MOST_CLIPPED_PERCENT = 1.0
CHARACTERS_A_SECOND = (1.5, 8.0)
"""Read Chinese runs at 3 to 6 characters a second; outside of this something was left out or added."""


@dataclass(frozen=True)
class Checked:
    """Samples at 8 kHz, levelled for the telephone, and what was measured before."""

    pcm: Pcm16
    facts: SoundFacts


def check(content: bytes, text: str) -> Checked:
    """Reads a recording, refuses one that cannot be used, and brings it to the house's level.

    Args:
        content: A WAV, FLAC, OGG, MP3, AIFF or CAF file.
        text: What it is to say.

    Raises:
        Invalid: It cannot be read, or its sound is not good enough; the message says what to do.
    """
    if len(content) > LARGEST_BYTES:
        raise _refused(f"文件太大，最多 {LARGEST_BYTES // 1_000_000} MB")
    samples, rate_hz, channels = _read(content)
    if rate_hz < RATE_HZ:
        raise _refused(f"采样率只有 {rate_hz} Hz，请用 8000 Hz 以上录制")
    if samples.size > LONGEST_SECONDS * rate_hz:
        raise _refused(f"录音太长，最多 {LONGEST_SECONDS:.0f} 秒")
    side = measure(np.column_stack([_roughly(samples, rate_hz)] * 2)).patient
    if side.speech_dbfs is None or side.speech_seconds < SHORTEST_SECONDS:
        raise _refused("录音里没有声音，或者太短")
    clipped_percent = _clipped_percent(samples)
    _judge(side.speech_dbfs, side.noise_dbfs, clipped_percent)
    gain = min(10 ** ((EVEN_DBFS - side.speech_dbfs) / 20), 1 / max(float(np.abs(samples).max()), 1e-6))
    pcm = to_telephone(_int16(samples * gain), rate_hz)
    facts = SoundFacts(
        rate_hz=rate_hz,
        channels=channels,
        seconds=round(pcm.size / RATE_HZ, 2),
        speech_dbfs=side.speech_dbfs,
        noise_dbfs=side.noise_dbfs,
        clipped_percent=clipped_percent,
        levelled_dbfs=round(level_dbfs(pcm), 1),
        doubts=_doubts(text, pcm.size / RATE_HZ),
    )
    return Checked(pcm, facts)


def wav(pcm: Pcm16) -> bytes:
    """A WAV file for listening in the page."""
    out = io.BytesIO()
    soundfile.write(out, pcm, RATE_HZ, format="WAV", subtype="PCM_16")
    return out.getvalue()


def _read(content: bytes) -> tuple[np.ndarray, int, int]:
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            limit = int((LONGEST_SECONDS + 1) * file.samplerate)
            samples = file.read(limit, dtype="float64", always_2d=True)
            return samples.mean(axis=1), int(file.samplerate), int(file.channels)
    except (soundfile.LibsndfileError, RuntimeError, ValueError, TypeError) as error:
        raise _refused("读不出这个文件，请上传 WAV、FLAC、OGG 或 MP3 录音") from error


def _roughly(samples: np.ndarray, rate_hz: int) -> Pcm16:
    """Every so many samples: levels and noise need no more."""
    step = rate_hz / RATE_HZ
    return _int16(samples[(np.arange(int(samples.size / step)) * step).astype(int)])


def _int16(samples: np.ndarray) -> Pcm16:
    return np.clip(np.round(samples * FULL_SCALE), -32768, 32767).astype(np.int16)


def _clipped_percent(samples: np.ndarray) -> float:
    """Share of samples at the very top, three or more in a row."""
    high = np.abs(samples) >= 0.999  # noqa: PLR2004 - full scale, but for rounding
    run = high[2:] & high[1:-1] & high[:-2]
    return round(float(run.mean() * 100), 2) if run.size else 0.0


def _judge(speech_dbfs: float, noise_dbfs: float | None, clipped_percent: float) -> None:
    if clipped_percent > MOST_CLIPPED_PERCENT:
        raise _refused("录音爆音，请离话筒远一点或调低录音音量后重录")
    if speech_dbfs < QUIETEST_DBFS:
        raise _refused(f"录音声音太小（{speech_dbfs:.0f} dBFS），请离话筒近一点后重录")
    if noise_dbfs is not None and speech_dbfs - noise_dbfs < LEAST_ABOVE_NOISE_DB:
        raise _refused("录音底噪太大，请换一个安静的地方重录")


def _doubts(text: str, seconds: float) -> tuple[str, ...]:
    pace = sum(one.isalnum() for one in text) / seconds
    slowest, fastest = CHARACTERS_A_SECOND
    if pace < slowest:
        return ("录音比文字长得多，请听听有没有多念或停顿",)
    return ("录音比文字短得多，请听听有没有漏念",) if pace > fastest else ()


def _refused(message: str) -> Invalid:
    return Invalid(message, field="file", code="prompt_sound")
