"""AudioSocket, where the exchange lacks chan_websocket: it connects to us over TCP, and we pace what it plays."""

import asyncio
import contextlib
import logging
from collections import deque
from uuid import UUID

from telephony.audio.pcm import FRAME_SECONDS
from telephony.carriers.asterisk.media import Frames, Hangup, Transfer
from telephony.session.media import MediaClosed, Message
from telephony.session.wire import Audio, Bad, Key, Mark, Stop, WireEvent

log = logging.getLogger(__name__)

HANGUP, IDENTITY, KEY, AUDIO, ERROR = 0x00, 0x01, 0x03, 0x10, 0xFF
FRAME_BYTES = 320
IDENTITY_BYTES = 16
IDENTITY_SECONDS = 10.0
CLEAR = "clear"
MARK = "mark "
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def packet(kind: int, payload: bytes = b"") -> bytes:
    """One message: a type, two bytes of length with the high one first, and the payload."""
    return bytes((kind,)) + len(payload).to_bytes(2, "big") + payload


async def read_packet(reader: asyncio.StreamReader) -> bytes:
    """The next message as its type and payload. Raises MediaClosed."""
    try:
        head = await reader.readexactly(3)
        return head[:1] + await reader.readexactly(int.from_bytes(head[1:], "big"))
    except (asyncio.IncompleteReadError, OSError):
        raise MediaClosed from None


class AudioSocketWire:
    """The `MediaWire` port; marks are ours alone, because the protocol has none."""

    async def read(self, raw: Message) -> WireEvent:
        if isinstance(raw, str):
            return Mark(raw.removeprefix(MARK))
        kind, payload = raw[0], raw[1:]
        match kind:
            case 0x10:
                return Audio(payload)
            case 0x03:
                return Key(payload.decode("ascii", "replace")) if len(payload) == 1 else Bad("dtmf")
            case 0x00 | 0xFF:
                return Stop()
        return Bad("kind")

    def audio(self, pcm: bytes) -> Message:
        return packet(AUDIO, pcm)

    async def clear(self) -> Message:
        return CLEAR

    def mark(self, name: str) -> Message:
        return MARK + name


class AudioSocketMedia:
    """The `Media` port over a connection of the exchange; plays 20 ms each 20 ms."""

    def __init__(self, connection: Connection, hangup: Hangup, transfer: Transfer) -> None:
        self.wire = AudioSocketWire()
        self._reader, self._writer = connection
        self._hangup = hangup
        self._transfer = transfer
        self._frames = Frames(FRAME_BYTES)
        self._inbox: asyncio.Queue[Message | None] = asyncio.Queue()
        self._queue: deque[Message] = deque()
        self._wake = asyncio.Event()
        self._tasks = (asyncio.create_task(self._read()), asyncio.create_task(self._play()))

    async def receive(self) -> Message:
        message = await self._inbox.get()
        if message is None:
            self._inbox.put_nowait(None)
            raise MediaClosed
        return message

    async def send(self, message: Message) -> None:
        if message == CLEAR:
            self._queue.clear()
        else:
            self._queue.append(message)
            self._wake.set()

    async def close(self) -> None:
        try:
            await self._hangup()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            with contextlib.suppress(OSError):
                self._writer.write(packet(HANGUP))
                self._writer.close()
                await self._writer.wait_closed()

    async def transfer(self, number: str) -> bool:
        return await self._transfer(number)

    async def _read(self) -> None:
        try:
            while True:
                raw = await read_packet(self._reader)
                if raw[0] != AUDIO:
                    self._inbox.put_nowait(raw)
                    continue
                self._frames.put(raw[1:])
                while (frame := self._frames.get()) is not None:
                    self._inbox.put_nowait(raw[:1] + frame)
        except MediaClosed:
            self._inbox.put_nowait(None)

    async def _play(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
                due = max(due, loop.time())
            message = self._queue.popleft()
            if isinstance(message, str):
                self._inbox.put_nowait(message)
                continue
            with contextlib.suppress(OSError):  # the reader hears of the end
                self._writer.write(message)
                await self._writer.drain()
            due += FRAME_SECONDS
            await asyncio.sleep(max(0.0, due - loop.time()))


class AudioSocketServer:
    """Waits for the exchange's connections; whoever names no identity that is awaited is turned away."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._awaited: dict[UUID, asyncio.Future[Connection]] = {}
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, self._host, self._port)

    @property
    def address(self) -> str:
        """Where the exchange is to connect."""
        port = self._server.sockets[0].getsockname()[1] if self._server else self._port
        return f"{self._host}:{port}"

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    def expect(self, identity: UUID) -> asyncio.Future[Connection]:
        """The connection that will name itself so; once."""
        self._awaited[identity] = asyncio.get_running_loop().create_future()
        return self._awaited[identity]

    def forget(self, identity: UUID) -> None:
        self._awaited.pop(identity, None)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        awaited: asyncio.Future[Connection] | None = None
        with contextlib.suppress(MediaClosed, TimeoutError):
            async with asyncio.timeout(IDENTITY_SECONDS):
                first = await read_packet(reader)
            if first[0] == IDENTITY and len(first) == 1 + IDENTITY_BYTES:
                awaited = self._awaited.pop(UUID(bytes=first[1:]), None)
        if awaited is None or awaited.done():
            log.warning("a connection to the AudioSocket that nobody awaits")
            writer.close()
            return
        awaited.set_result((reader, writer))
