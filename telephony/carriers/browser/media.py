"""A page's sound as a call's media: int16 at 8 kHz in binary messages, marks, clear and keys as JSON."""

import contextlib
import json

from fastapi import WebSocket, WebSocketDisconnect

from telephony.audio.pcm import FRAME_SAMPLES
from telephony.session.media import MediaClosed, Message
from telephony.session.wire import Audio, Bad, Key, Mark, Stop, WireEvent, parse

FRAME_BYTES = FRAME_SAMPLES * 2
KEYS = frozenset("0123456789*#")
NORMAL = 1000


class BrowserWire:
    """The `MediaWire` port."""

    async def read(self, raw: Message) -> WireEvent:
        """One message as an event; None for one that says nothing to us."""
        if isinstance(raw, bytes):
            return Audio(raw) if len(raw) == FRAME_BYTES else Bad("frame")
        message = parse(raw)
        match message:
            case {"type": "key", "digit": str(digit)} if digit in KEYS:
                return Key(digit)
            case {"type": "mark", "name": str(name)}:
                return Mark(name)
            case {"type": "stop"}:
                return Stop()
        return Bad("json")

    def audio(self, pcm: bytes) -> Message:
        """20 ms of int16 as a message."""
        return pcm

    async def clear(self) -> Message:
        """Drops what was not heard yet."""
        return json.dumps({"type": "clear"})

    def mark(self, name: str) -> Message:
        """Asks to be told when what was sent so far has been heard."""
        return json.dumps({"type": "mark", "name": name})


class BrowserMedia:
    """The `Media` port over an accepted socket."""

    def __init__(self, socket: WebSocket) -> None:
        self.wire = BrowserWire()
        self._socket = socket

    async def receive(self) -> Message:
        try:
            message = await self._socket.receive()
        except RuntimeError:
            raise MediaClosed from None
        if message["type"] == "websocket.disconnect":
            raise MediaClosed
        sound: bytes | None = message.get("bytes")
        return sound if sound is not None else str(message.get("text") or "")

    async def send(self, message: Message) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # the reader tells the session of the end
            if isinstance(message, bytes):
                await self._socket.send_bytes(message)
            else:
                await self._socket.send_text(message)

    async def close(self) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await self._socket.close(NORMAL)

    async def transfer(self, number: str) -> bool:
        """A page is connected to nobody else."""
        del number
        return False
