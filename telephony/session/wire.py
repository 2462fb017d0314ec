"""Media Streams messages to events and back; pipecat's serializer holds the vendor's audio format."""

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Any, cast

from pipecat.frames.frames import InputAudioRawFrame, InputDTMFFrame, InterruptionFrame, OutputAudioRawFrame
from pipecat.serializers.twilio import TwilioFrameSerializer

from telephony.audio.pcm import RATE_HZ


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
    """Words; only the simulator may send them."""

    text: str = field(repr=False)
    confidence: float


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


WireEvent = Audio | Key | Mark | Transcript | Stop | Start | Bad | None


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

    async def prepare(self) -> None:
        """The rate is given above, so the pipeline's setup has nothing to add."""
        await self._serializer.setup(cast("Any", None))

    async def read(self, raw: str) -> WireEvent:
        """One message as an event; None for one that says nothing to us."""
        message = parse(raw)
        if message is None:
            return Bad("json")
        match message.get("event"):
            case "media":
                return await self._audio(raw, message)
            case "dtmf":
                return await self._key(raw, message)
            case "mark":
                return Mark(str(_inner(message, "mark").get("name", "")))
            case "stop":
                return Stop()
            case "simulator.transcript":
                return self._transcript(message)
        return None

    async def audio(self, pcm: bytes) -> str:
        """A media message of 20 ms."""
        frame = OutputAudioRawFrame(audio=pcm, sample_rate=RATE_HZ, num_channels=1)
        return str(await self._serializer.serialize(frame))

    async def clear(self) -> str:
        return str(await self._serializer.serialize(InterruptionFrame()))

    def mark(self, name: str) -> str:
        return json.dumps({"event": "mark", "streamSid": self._stream_sid, "mark": {"name": name}})

    async def _audio(self, raw: str, message: dict[str, Any]) -> WireEvent:
        payload = _inner(message, "media").get("payload")
        if not isinstance(payload, str):
            return Bad("media")
        try:
            base64.b64decode(payload, validate=True)
        except (binascii.Error, ValueError):
            return Bad("base64")
        frame = await self._serializer.deserialize(raw)
        return Audio(frame.audio) if isinstance(frame, InputAudioRawFrame) else Bad("audio")

    async def _key(self, raw: str, message: dict[str, Any]) -> WireEvent:
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
        return Transcript(text[:500], min(1.0, max(0.0, float(confidence))))


def parse(raw: str) -> dict[str, Any] | None:
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
