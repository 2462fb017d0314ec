"""A call's audio over chan_websocket: we connect to the exchange, so it needs no way to us."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from telephony.carriers.asterisk.account import FRAME_BYTES, AsteriskAccount
from telephony.carriers.asterisk.wire import AsteriskWire
from telephony.session.media import MediaClosed, Message

CONNECT_SECONDS = 10.0
SUBPROTOCOL = "media"
Hangup = Callable[[], Awaitable[None]]
Transfer = Callable[[str], Awaitable[bool]]


class Frames:
    """Cuts audio of any length, as the trunk's packets have it, into frames of 20 ms."""

    def __init__(self, frame_bytes: int) -> None:
        self._size = frame_bytes
        self._rest = b""
        self._whole: deque[bytes] = deque()

    def put(self, data: bytes) -> None:
        data = self._rest + data
        end = len(data) // self._size * self._size
        self._whole.extend(data[start : start + self._size] for start in range(0, end, self._size))
        self._rest = data[end:]

    def get(self) -> bytes | None:
        """The next frame; None if there is no whole one."""
        return self._whole.popleft() if self._whole else None


class WebSocketMedia:
    """The `Media` port over a connected socket.

    Args:
        socket: Connected to the exchange's `/media`.
        account: Tells the format.
        hangup: Ends the patient's channel.
        transfer: Sends the patient's channel elsewhere.
    """

    def __init__(self, socket: ClientConnection, account: AsteriskAccount, hangup: Hangup, transfer: Transfer) -> None:
        self.wire = AsteriskWire(account.audio_format)
        self._socket = socket
        self._frames = Frames(FRAME_BYTES[account.audio_format])
        self._hangup = hangup
        self._transfer = transfer

    async def receive(self) -> Message:
        while True:
            frame = self._frames.get()
            if frame is not None:
                return frame
            try:
                message = await self._socket.recv()
            except ConnectionClosed:
                raise MediaClosed from None
            if isinstance(message, str):
                return message
            self._frames.put(message)

    async def send(self, message: Message) -> None:
        with contextlib.suppress(ConnectionClosed):  # the reader tells the session of the end
            await self._socket.send(message)

    async def close(self) -> None:
        try:
            await self._hangup()
        finally:
            try:
                await self._socket.close()
            except asyncio.CancelledError:
                self._socket.transport.abort()  # nobody waits for the other side any more
                raise

    async def transfer(self, number: str) -> bool:
        return await self._transfer(number)


async def connected(account: AsteriskAccount, connection_id: str) -> ClientConnection:
    """Connects to the media channel that was made for us.

    Raises:
        MediaClosed: The exchange does not take the connection.
    """
    url = f"{account.socket_url}/media/{connection_id}"
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            # No compression: 50 small frames a second each way are not worth it.
            return await connect(url, subprotocols=[SUBPROTOCOL], compression=None, proxy=None, ping_interval=None)  # type: ignore[list-item]
    except (OSError, TimeoutError, InvalidHandshake):
        raise MediaClosed from None
