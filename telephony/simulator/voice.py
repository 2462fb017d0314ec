"""What personas sound like: espeak-ng with another pitch, cached; keys as tones."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from telephony.audio.pcm import FRAME_SAMPLES, RATE_HZ, Pcm16, pcm_to_mulaw
from telephony.audio.tones import dtmf
from telephony.simulator.personas import Manner
from telephony.speech.synthesis import EspeakSynthesizer, SynthesisFailed, Voice

CHARACTERS_PER_SECOND = 4.5


class PersonaVoices:
    """Speech of personas as mu-law frames of 20 ms.

    Args:
        folder: Cache; None renders each time.
        silent: Silence of about the right length instead.
    """

    def __init__(self, folder: Path | None, *, silent: bool = False) -> None:
        self._folder = folder
        self._silent = silent
        self.workers = ThreadPoolExecutor(4, thread_name_prefix="persona")

    def speech(self, words: str, manner: Manner) -> list[bytes]:
        """Blocking; silence of the right length where espeak-ng is missing."""
        silence = np.zeros(int(len(words) / CHARACTERS_PER_SECOND * RATE_HZ), dtype=np.int16)
        if self._silent:
            return mulaw_frames(silence)
        try:
            voice = Voice(manner.words_per_minute, manner.pitch)
            return mulaw_frames(EspeakSynthesizer(self._folder, voice).say(words))
        except SynthesisFailed:
            return mulaw_frames(silence)


def tones(keys: str) -> list[bytes]:
    """Key tones as mu-law frames."""
    return mulaw_frames(dtmf(keys))


def mulaw_frames(pcm: Pcm16) -> list[bytes]:
    """Cuts into 160-byte frames, the last filled with silence."""
    padded = np.pad(pcm, (0, -pcm.size % FRAME_SAMPLES)).astype(np.int16)
    data = pcm_to_mulaw(padded)
    return [data[start : start + FRAME_SAMPLES] for start in range(0, len(data), FRAME_SAMPLES)]
