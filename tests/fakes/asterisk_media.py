"""The fake exchange's audio: chan_websocket and AudioSocket as a patient's line, in real time."""

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass, field

from fastapi import WebSocket, WebSocketDisconnect

from telephony.carriers.asterisk.audiosocket import AUDIO, IDENTITY, KEY, packet, read_packet
from telephony.session.media import MediaClosed

TICK_SECONDS = 0.02
QUEUE_FULL, QUEUE_FREE, QUEUE_MAX = 900, 800, 1000
CUT_IN_FRAMES = 25
A_LAW_SILENCE = b"\xd5" * 160


@dataclass
class Patient:
    """Who is at the other end of a number.

    Attributes:
        cause: Q.850 cause by which the network ends the call unanswered; None for one who answers.
        early: Frames that are heard before an answer.
        keys: Pressed one by one, each when the bot has finished speaking.
        cuts_in: A key pressed half a second into the first words.
        frames: Frames that the patient says, over and over; silence without.
        hangs_up_after: Seconds of talk.
    """

    rings_seconds: float = 0.1
    cause: int | None = None
    early: tuple[bytes, ...] = ()
    keys: tuple[str, ...] = ()
    cuts_in: str | None = None
    frames: tuple[bytes, ...] = ()
    hangs_up_after: float | None = None
    suppresses: bool = False
    """Sends nothing while nothing is said, as lines with silence suppression do."""
    machine: bool = False
    answers: bool = True


@dataclass
class Line:
    """One media channel: what it is given to play, and what it plays."""

    connection_id: str
    channel_id: str
    queue: deque[bytes | str] = field(default_factory=deque)
    heard: list[bytes] = field(default_factory=list)
    flushes: int = 0
    full: bool = False
    say: deque[bytes] = field(default_factory=deque)
    keys: deque[str] = field(default_factory=deque)
    socket: WebSocket | None = None
    writer: asyncio.StreamWriter | None = None
    spoken: bool = False
    cuts_in: str | None = None
    suppresses: bool = False

    def play(self) -> list[str]:
        """One tick: control frames take no time; returns what is to be told."""
        told: list[str] = []
        while self.queue and isinstance(self.queue[0], str):
            told.append(str(self.queue.popleft()))
        if self.queue:
            frame = self.queue.popleft()
            assert isinstance(frame, bytes)
            self.heard.append(frame)
            self.spoken = True
            if self.cuts_in and len(self.heard) == CUT_IN_FRAMES:
                told.append(f"DTMF_END digit:{self.cuts_in} channel_id:{self.channel_id}")
        elif self.spoken and self.keys:
            self.spoken = False
            told.append(f"DTMF_END digit:{self.keys.popleft()} channel_id:{self.channel_id}")
        if self.full and len(self.queue) < QUEUE_FREE:
            self.full = False
            told.append("MEDIA_XON")
        return told

    def take(self, message: str | bytes) -> list[str]:
        """One message of ours, as channels/chan_websocket.c takes it."""
        if isinstance(message, bytes):
            if len(self.queue) < QUEUE_MAX:
                whole = len(message) // 160 * 160  # what is no whole frame is dropped outside of bulk mode
                self.queue.extend(message[start : start + 160] for start in range(0, whole, 160))
            if not self.full and len(self.queue) >= QUEUE_FULL:
                self.full = True
                return ["MEDIA_XOFF"]
            return []
        word, _, rest = message.strip().partition(" ")
        if word == "FLUSH_MEDIA":
            self.queue.clear()
            self.flushes += 1
        elif word == "STOP_MEDIA_BUFFERING":
            self.queue.append(f"MEDIA_BUFFERING_COMPLETED {rest}".strip())
        return []


async def serve_socket(line: Line, socket: WebSocket) -> None:
    """chan_websocket's side of one connection, until either side closes."""
    line.socket = socket
    start = (
        f"MEDIA_START connection_id:{line.connection_id} channel:WebSocket/INCOMING/0x1 channel_id:{line.channel_id} "
        "format:alaw optimal_frame_size:160 ptime:20"
    )
    await socket.send_text(start)
    ticking = asyncio.create_task(_tick_socket(line, socket))
    try:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            given = message.get("bytes") if message.get("bytes") is not None else message.get("text")
            for told in line.take(given or ""):
                await socket.send_text(told)
    finally:
        ticking.cancel()
        line.socket = None


async def _tick_socket(line: Line, socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await asyncio.sleep(TICK_SECONDS)
            for told in line.play():
                await socket.send_text(told)
            if line.say or not line.suppresses:
                await socket.send_bytes(line.say.popleft() if line.say else A_LAW_SILENCE)


async def serve_audiosocket(line: Line, host: str, port: int, identity: bytes) -> None:
    """AudioSocket's side: connects, names itself, sends audio and keys; plays as it is given."""
    reader, writer = await asyncio.open_connection(host, port)
    line.writer = writer
    writer.write(packet(IDENTITY, identity))
    ticking = asyncio.create_task(_tick_audiosocket(line, writer))
    try:
        while True:
            raw = await read_packet(reader)
            if raw[0] != AUDIO:
                return
            line.heard.append(raw[1:])
            line.spoken = True
    except MediaClosed:
        return
    finally:
        ticking.cancel()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _tick_audiosocket(line: Line, writer: asyncio.StreamWriter) -> None:
    quiet, known = 0, 0
    while True:
        await asyncio.sleep(TICK_SECONDS)
        quiet, known = (quiet + 1, known) if len(line.heard) == known else (0, len(line.heard))
        if line.spoken and quiet > 10 and line.keys:
            line.spoken = False
            writer.write(packet(KEY, line.keys.popleft().encode()))
        if line.say or not line.suppresses:
            writer.write(packet(AUDIO, line.say.popleft() if line.say else bytes(320)))
