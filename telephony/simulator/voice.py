"""What personas sound like: espeak-ng in many voices, or a person's recorded syllables; keys as tones."""

import csv
import hashlib
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from pydub import AudioSegment
from pydub.exceptions import CouldntDecodeError

from telephony.audio.pcm import FRAME_SAMPLES, FULL_SCALE, RATE_HZ, Pcm16, pcm_to_mulaw, trim_silence
from telephony.audio.tones import dtmf
from telephony.simulator.personas import Manner
from telephony.speech.normaliser import speakable
from telephony.speech.synthesis import TARGET_DBFS, EspeakSynthesizer, SynthesisFailed, Voice, level, pinyin

log = logging.getLogger(__name__)

CHARACTERS_PER_SECOND = 4.5
VARIANTS = ("f3", "m4", "Annie", "Denis", "belinda", "robert", "klatt3", "quincy")
"""espeak-ng's; the shipped speech model has never heard them."""
RECORDED = "recorded"
NOISE_SECONDS = 5.0
SYLLABLES = "pinyin"
SYLLABLE_GAP_SECONDS = 0.03
KEPT_SYLLABLES = 512


@dataclass(frozen=True)
class VoiceOptions:
    """How personas sound.

    Attributes:
        folder: Cache of rendered speech; None renders each time.
        silent: Silence of about the right length instead.
        recordings: Folder of a corpus with manifest.csv, whose recorded syllables are one more voice.
        noise_db: Speech to noise on the line, in dB; None for a line without noise.
        seed: Who speaks with which voice.
    """

    folder: Path | None = None
    silent: bool = False
    recordings: Path | None = None
    noise_db: float | None = None
    seed: int = 0


class PersonaVoices:
    """Speech of personas as mu-law frames of 20 ms.

    Args:
        options: How they sound.
    """

    def __init__(self, options: VoiceOptions) -> None:
        self._options = options
        self._recorded = RecordedSyllables(options.recordings) if options.recordings else None
        self.workers = ThreadPoolExecutor(4, thread_name_prefix="persona")
        self._noise = _noise(options.noise_db)
        self.idle = tuple(mulaw_frames(self._noise)) if self._noise.size else ()
        """Frames of a line on which nobody speaks; none for silence."""

    def who(self, number: str) -> str:
        """The voice of a number, the same at every call."""
        known = [*VARIANTS, *([RECORDED] * (len(VARIANTS) // 2) if self._recorded else [])]
        digest = hashlib.sha256(f"{self._options.seed}|{number}".encode()).digest()
        return known[int.from_bytes(digest[:4]) % len(known)]

    def speech(self, words: str, manner: Manner, number: str) -> list[bytes]:
        """Blocking; silence of the right length where espeak-ng is missing."""
        silence = np.zeros(int(len(words) / CHARACTERS_PER_SECOND * RATE_HZ), dtype=np.int16)
        if self._options.silent:
            return mulaw_frames(silence)
        try:
            return mulaw_frames(self._noisy(self._say(words, manner, self.who(number))))
        except SynthesisFailed:
            log.warning("a persona has no voice")
            return mulaw_frames(silence)

    def _say(self, words: str, manner: Manner, who: str) -> Pcm16:
        if who == RECORDED and self._recorded is not None:
            said = self._recorded.say(words)
            if said is not None:
                return said
            who = VARIANTS[0]
        voice = Voice(manner.words_per_minute, manner.pitch, who)
        return EspeakSynthesizer(self._options.folder, voice).say(words)

    def _noisy(self, pcm: Pcm16) -> Pcm16:
        if not self._noise.size:
            return pcm
        both = pcm.astype(np.int32) + np.resize(self._noise, pcm.size)
        return np.clip(both, -32768, 32767).astype(np.int16)


class RecordedSyllables:
    """Words put together from a speaker's recorded toned syllables.

    Args:
        folder: Holds manifest.csv: file, speaker, kind, text; rows of kind `pinyin` are used.
    """

    def __init__(self, folder: Path) -> None:
        with (folder / "manifest.csv").open(encoding="utf-8", newline="") as lines:
            rows = [row for row in csv.DictReader(lines) if row["kind"] == SYLLABLES]
        self._files = {row["text"]: folder / row["file"] for row in rows}
        self._lock = threading.Lock()
        self._decoded = lru_cache(KEPT_SYLLABLES)(_decode)

    def say(self, words: str) -> Pcm16 | None:
        """None where a syllable was not recorded."""
        gap = np.zeros(int(SYLLABLE_GAP_SECONDS * RATE_HZ), dtype=np.int16)
        parts: list[Pcm16] = []
        for name in pinyin(speakable(words)).split():
            found = self._file(name.strip("，。！？、,.!? "))
            if found is None:
                return None
            with self._lock:
                parts += [self._decoded(found), gap]
        return level(np.concatenate(parts[:-1])) if parts else gap[:0]

    def _file(self, name: str) -> Path | None:
        """The toned syllable; one with another tone where that was not recorded."""
        plain = name.rstrip("12345")
        return next(
            (self._files[one] for one in (name, *(f"{plain}{tone}" for tone in "1423")) if one in self._files), None
        )


def _decode(path: Path) -> Pcm16:
    try:
        with path.open("rb") as file:
            audio = AudioSegment.from_file(file).set_channels(1).set_frame_rate(RATE_HZ).set_sample_width(2)
    except (CouldntDecodeError, OSError) as error:
        raise SynthesisFailed(type(error).__name__) from None
    return trim_silence(np.array(audio.get_array_of_samples(), dtype=np.int16))


def _noise(snr_db: float | None) -> Pcm16:
    """Hiss of a line, falling towards high frequencies; nothing where there is to be none."""
    if snr_db is None:
        return np.zeros(0, dtype=np.int16)
    white = np.random.default_rng(7).normal(size=int(NOISE_SECONDS * RATE_HZ))
    spectrum = np.fft.rfft(white) / np.sqrt(np.maximum(np.fft.rfftfreq(white.size, 1 / RATE_HZ), 50.0))
    pink = np.fft.irfft(spectrum, white.size)
    gain = 10 ** ((TARGET_DBFS - snr_db) / 20) * FULL_SCALE / np.sqrt((pink**2).mean())
    return np.asarray(np.round(pink * gain), dtype=np.int16)


def tones(keys: str) -> list[bytes]:
    """Key tones as mu-law frames."""
    return mulaw_frames(dtmf(keys))


def mulaw_frames(pcm: Pcm16) -> list[bytes]:
    """Cuts into 160-byte frames, the last filled with silence."""
    padded = np.pad(pcm, (0, -pcm.size % FRAME_SAMPLES)).astype(np.int16)
    data = pcm_to_mulaw(padded)
    return [data[start : start + FRAME_SAMPLES] for start in range(0, len(data), FRAME_SAMPLES)]
