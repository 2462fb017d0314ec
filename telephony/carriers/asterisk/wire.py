"""chan_websocket's messages: audio as binary, control as text (plain text: every version that has it knows that)."""

from collections.abc import Callable
from itertools import count

import numpy as np

from telephony.audio.pcm import Pcm16, alaw_to_pcm, mulaw_to_pcm, pcm_to_alaw, pcm_to_mulaw
from telephony.carriers.asterisk.account import AudioFormat
from telephony.session.media import Message
from telephony.session.wire import Audio, Bad, Key, Mark, WireEvent

FLUSH = "FLUSH_MEDIA"
# Answered when the audio before it has been played; unlike MARK_MEDIA every version knows it.
MARK = "STOP_MEDIA_BUFFERING"
MARKED = "MEDIA_BUFFERING_COMPLETED"
KEY = "DTMF_END"
LONGEST_COMMAND = 127

DECODE: dict[AudioFormat, Callable[[bytes], Pcm16]] = {
    "alaw": alaw_to_pcm,
    "ulaw": mulaw_to_pcm,
    "slin": lambda data: np.frombuffer(data, dtype="<i2"),
}
ENCODE: dict[AudioFormat, Callable[[Pcm16], bytes]] = {
    "alaw": pcm_to_alaw,
    "ulaw": pcm_to_mulaw,
    "slin": lambda pcm: pcm.astype("<i2").tobytes(),
}


class AsteriskWire:
    """The `MediaWire` port for one connection. Marks that are flushed never come back.

    Args:
        audio_format: What the channel was made with.
    """

    def __init__(self, audio_format: AudioFormat) -> None:
        self._decode = DECODE[audio_format]
        self._encode = ENCODE[audio_format]
        self._numbers = count(1)
        self._marks: dict[str, str] = {}

    async def read(self, raw: Message) -> WireEvent:
        if isinstance(raw, bytes):
            return Audio(self._decode(raw).tobytes()) if raw else Bad("audio")
        word, _, rest = raw.partition(" ")
        if word == MARKED:
            name = self._marks.pop(rest.rpartition(":")[2].strip(), None)
            return Bad("mark") if name is None else Mark(name)
        if word == KEY:
            digit = _values(rest).get("digit", "")
            return Key(digit) if len(digit) == 1 else Bad("dtmf")
        return None

    def audio(self, pcm: bytes) -> Message:
        return self._encode(np.frombuffer(pcm, dtype="<i2"))

    async def clear(self) -> Message:
        self._marks.clear()
        return FLUSH

    def mark(self, name: str) -> Message:
        """A command is short, so the mark travels as a number."""
        number = str(next(self._numbers))
        self._marks[number] = name
        return f"{MARK} {number}"


def _values(text: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in text.split())
    return {name: value for name, _, value in pairs}
