"""Text to telephone speech: a port, espeak-ng behind it, and a cache of sentences that outlives the process."""

import hashlib
import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import soxr
from pypinyin import Style, lazy_pinyin

from telephony.audio.pcm import FULL_SCALE, RATE_HZ, Pcm16, level_dbfs, trim_silence
from telephony.speech.normaliser import speakable

ESPEAK_VOICE = "cmn-latn-pinyin"  # Debian's 1.51 reads characters as English letters; toned pinyin it reads well
ESPEAK_RATE_HZ = 22050
WAV_HEADER_BYTES = 44  # its --stdout writes a wrong data length: the header is skipped, not believed
ESPEAK_TIMEOUT_SECONDS = 20
TARGET_DBFS = -18.0
PEAK_DBFS = -1.5
SENTENCE_PAUSE_SECONDS = 0.22
HIGH_PASS_HZ = 180.0  # a telephone carries 300 to 3400 Hz; what lies below only eats headroom
_SENTENCE = re.compile(r"[^。！？；!?;\n]+[。！？；!?;\n]*")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


class SynthesisFailed(Exception):
    """The synthesiser gave no audio; the text is not in the message."""


class Synthesizer(Protocol):
    """Makes speech; blocking, for a thread."""

    def say(self, text: str) -> Pcm16:
        """Speech of a text: int16 mono at 8 kHz, level about TARGET_DBFS, silence trimmed."""
        ...


@dataclass(frozen=True)
class Voice:
    """How espeak-ng speaks: words per minute and pitch (0 to 99)."""

    words_per_minute: int = 165
    pitch: int = 45
    variant: str = ""

    def slower(self) -> "Voice":
        """The same voice a quarter slower."""
        return Voice(int(self.words_per_minute * 0.75), self.pitch, self.variant)


class EspeakSynthesizer:
    """espeak-ng, called as a program, sentence by sentence, each cached under its content's hash.

    Args:
        folder: Where rendered sentences lie; None keeps none.
        voice: Rate and pitch.
    """

    def __init__(self, folder: Path | None, voice: Voice | None = None) -> None:
        self._folder = folder
        self._voice = voice or Voice()

    def say(self, text: str) -> Pcm16:
        """Raises SynthesisFailed if espeak-ng is missing or fails."""
        return together([self._cached(sentence) for sentence in sentences(text)])

    def _cached(self, sentence: str) -> Pcm16:
        if self._folder is None:
            return self._render(sentence)
        path = self._folder / f"{self._key(sentence)}.s16"
        try:
            return np.frombuffer(path.read_bytes(), dtype="<i2").astype(np.int16)
        except FileNotFoundError:
            pcm = self._render(sentence)
            _write_whole(path, pcm.astype("<i2").tobytes())
            return pcm

    def _key(self, sentence: str) -> str:
        voice = self._voice
        place = f"espeak2|{voice.words_per_minute}|{voice.pitch}|{voice.variant}|{sentence}"
        return hashlib.sha256(place.encode()).hexdigest()[:40]

    def _render(self, sentence: str) -> Pcm16:
        spoken = pinyin(speakable(sentence))
        if not re.search(r"\w", spoken):
            return np.zeros(0, dtype=np.int16)
        voice = ESPEAK_VOICE + (f"+{self._voice.variant}" if self._voice.variant else "")
        command = ["espeak-ng", "-v", voice, "-s", str(self._voice.words_per_minute), "-p", str(self._voice.pitch)]
        try:
            done = subprocess.run(  # noqa: S603 - fixed program, text by standard input
                [*command, "--stdin", "--stdout"],
                input=spoken.encode(),
                capture_output=True,
                timeout=ESPEAK_TIMEOUT_SECONDS,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise SynthesisFailed(type(error).__name__) from None
        return to_telephone(np.frombuffer(done.stdout[WAV_HEADER_BYTES:][: _even(done.stdout)], dtype="<i2"))


def sentences(text: str) -> list[str]:
    """Cuts at full stops, so that a fixed sentence beside a changing one is rendered once."""
    return [part.strip() for part in _SENTENCE.findall(text) if part.strip()]


def together(said: Sequence[Pcm16]) -> Pcm16:
    """Sentences with a pause between; those without a sound are left out."""
    pause = np.zeros(int(SENTENCE_PAUSE_SECONDS * RATE_HZ), dtype=np.int16)
    parts = [part for pcm in said if pcm.size for part in (pcm, pause)]
    return np.concatenate(parts[:-1]) if parts else pause[:0]


def pinyin(text: str) -> str:
    """Toned pinyin with v for ü and 5 for the neutral tone; what is not Chinese stays."""
    return " ".join(lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False))


def to_telephone(pcm: Pcm16, rate_hz: int = ESPEAK_RATE_HZ) -> Pcm16:
    """Any rate to 8 kHz at telephone level: resampled, without rumble, trimmed, levelled, not clipped."""
    samples = soxr.resample(pcm.astype(np.float64) / FULL_SCALE, rate_hz, RATE_HZ, quality="HQ")
    spectrum = np.fft.rfft(samples)
    hz = np.fft.rfftfreq(samples.size, 1 / RATE_HZ)
    spectrum *= 1 / (1 + (HIGH_PASS_HZ / np.maximum(hz, 1.0)) ** 8)
    samples = np.fft.irfft(spectrum, samples.size)
    quiet = trim_silence(_to_int16(samples))
    return level(quiet)


def level(pcm: Pcm16, target_dbfs: float = TARGET_DBFS) -> Pcm16:
    """Brings the RMS to a target; peaks above PEAK_DBFS are bent softly, never cut."""
    if pcm.size == 0:
        return pcm
    peak = 10 ** (PEAK_DBFS / 20)
    samples = pcm.astype(np.float64) / FULL_SCALE * 10 ** ((target_dbfs - level_dbfs(pcm)) / 20)
    knee = 0.6 * peak
    over = np.abs(samples) > knee
    bent = knee + (peak - knee) * np.tanh((np.abs(samples) - knee) / (peak - knee))
    return _to_int16(np.where(over, np.sign(samples) * bent, samples))


def _to_int16(samples: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Pcm16:
    return np.clip(np.round(samples * FULL_SCALE), -32768, 32767).astype(np.int16)


def _even(wav: bytes) -> int:
    return (len(wav) - WAV_HEADER_BYTES) // 2 * 2


def _write_whole(path: Path, data: bytes) -> None:
    """Writes beside and renames; a full disk costs the cache, not the call."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
