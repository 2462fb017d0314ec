"""Media Streams messages to events and back; pipecat's serializer holds the vendor's format, audio has a short way."""

import binascii
import json
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from pipecat.frames.frames import InputDTMFFrame, InterruptionFrame
from pipecat.serializers.twilio import TwilioFrameSerializer

from telephony.audio.pcm import RATE_HZ, mulaw_to_pcm, pcm_to_mulaw


@dataclass(frozen=True)
class Audio:
    """20 ms of the patient's side, int16."""

    pcm: bytes = field(repr=False)


@dataclass(frozen=True)
class Key:
    digit: str


@dataclass(frozen=True)
class Mark:
    name: str


@dataclass(frozen=True)
class Transcript:
    """Words, from the recogniser; from the wire only the simulator's are taken.

    Attributes:
        said_at: Call second of the last sound of them; None where that is not known.
        span_ms: From where to where in the recording they were said, where that is known.
        pause_seconds: The silence that ended them.
        continues: The words before are among them: the patient went on after an answer that was taken already.
    """

    text: str = field(repr=False)
    confidence: float
    said_at: float | None = None
    span_ms: tuple[int, int] | None = None
    pause_seconds: float = 0.0
    continues: bool = False


@dataclass(frozen=True)
class Partial:
    """Words as far as they are heard while the patient still speaks."""

    text: str = field(repr=False)


@dataclass(frozen=True)
class Stop:
    pass


@dataclass(frozen=True)
class Start:
    call_sid: str
    stream_sid: str
    call_id: str


@dataclass(frozen=True)
class Bad:
    """A message that could not be read; the call goes on."""

    reason: str


WireEvent = Audio | Key | Mark | Transcript | Partial | Stop | Start | Bad | None


class Wire:
    """Reads and writes one stream's messages.

    Args:
        stream_sid: The stream's id, from its start message.
        transcripts: Whether words are taken from the wire.
    """

    def __init__(self, stream_sid: str, *, transcripts: bool) -> None:
        parameters = TwilioFrameSerializer.InputParams(auto_hang_up=False, sample_rate=RATE_HZ)
        self._serializer = TwilioFrameSerializer(stream_sid, params=parameters)
        self._stream_sid = stream_sid
        self._transcripts = transcripts
        self._media_head = json.dumps({"event": "media", "streamSid": stream_sid})[:-1] + ', "media": {"payload": "'
        self._last = ("", Audio(b""))

    async def prepare(self) -> None:
        """The rate is given above, so the pipeline's setup has nothing to add."""
        await self._serializer.setup(cast("Any", None))

    async def read(self, raw: str | bytes) -> WireEvent:
        """One message as an event; None for one that says nothing to us."""
        message = parse(raw)
        if message is None:
            return Bad("json")
        match message.get("event"):
            case "media":
                return self._audio(message)
            case "dtmf":
                return await self._key(raw, message)
            case "mark":
                return Mark(str(_inner(message, "mark").get("name", "")))
            case "stop":
                return Stop()
            case "simulator.transcript":
                return self._transcript(message)
        return None

    def audio(self, pcm: bytes) -> str:
        """A media message of 20 ms, as the serializer would make it: a test holds both to be equal."""
        payload = binascii.b2a_base64(pcm_to_mulaw(np.frombuffer(pcm, dtype="<i2")), newline=False).decode()
        return f'{self._media_head}{payload}"}}}}'

    async def clear(self) -> str:
        return str(await self._serializer.serialize(InterruptionFrame()))

    def mark(self, name: str) -> str:
        return json.dumps({"event": "mark", "streamSid": self._stream_sid, "mark": {"name": name}})

    def _audio(self, message: dict[str, Any]) -> WireEvent:
        """Fifty times a second for each call, so without the serializer; silence repeats and is read once."""
        payload = _inner(message, "media").get("payload")
        if not isinstance(payload, str):
            return Bad("media")
        if not payload:
            return Bad("audio")
        if payload == self._last[0]:
            return self._last[1]
        try:
            mulaw = binascii.a2b_base64(payload, strict_mode=True)
        except (binascii.Error, ValueError):
            return Bad("base64")
        self._last = payload, Audio(mulaw_to_pcm(mulaw).tobytes())
        return self._last[1]

    async def _key(self, raw: str | bytes, message: dict[str, Any]) -> WireEvent:
        if not isinstance(_inner(message, "dtmf").get("digit"), str):
            return Bad("dtmf")
        frame = await self._serializer.deserialize(raw)
        return Key(str(frame.button.value)) if isinstance(frame, InputDTMFFrame) else Bad("dtmf")

    def _transcript(self, message: dict[str, Any]) -> WireEvent:
        said = _inner(message, "transcript")
        text, confidence = said.get("text"), said.get("confidence", 0.9)
        if not self._transcripts:
            return Bad("transcript not allowed")
        if not isinstance(text, str) or not isinstance(confidence, int | float) or isinstance(confidence, bool):
            return Bad("transcript")
        if said.get("final") is False:
            return Partial(text[:500])
        return Transcript(text[:500], min(1.0, max(0.0, float(confidence))))


def parse(raw: str | bytes) -> dict[str, Any] | None:
    """A message's JSON object; None if it is none."""
    try:
        message = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def start_of(message: dict[str, Any]) -> Start | None:
    """The start message's ids; None if it is not one or lacks them."""
    start = _inner(message, "start")
    parameters = _inner(start, "customParameters")
    ids = (start.get("callSid"), start.get("streamSid"), parameters.get("call_id"))
    if message.get("event") != "start" or not all(isinstance(part, str) and part for part in ids):
        return None
    return Start(*(str(part) for part in ids))


def _inner(message: dict[str, Any], name: str) -> dict[str, Any]:
    inner = message.get(name)
    return inner if isinstance(inner, dict) else {}
