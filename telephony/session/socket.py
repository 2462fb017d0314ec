"""The media socket's edge where the carrier speaks Twilio's Media Streams."""

import asyncio
import contextlib
import logging
from uuid import UUID

from fastapi import WebSocket, WebSocketDisconnect

from core_api.kit.errors import NotFound
from telephony.calls import service
from telephony.calls.schemas import CallSnapshot
from telephony.carriers.ports import CarrierUnknown
from telephony.carriers.twilio import TwilioCarrier
from telephony.runtime import SIMULATOR, TelephonyRuntime
from telephony.session.holding import hold
from telephony.session.media import MediaClosed, Message
from telephony.session.wire import Start, Wire, parse, start_of
from telephony.speech.choosing import TRANSCRIPTS

log = logging.getLogger(__name__)

START_TIMEOUT_SECONDS = 10.0
START_MESSAGES = 5
POLICY_VIOLATION = 1008
NORMAL = 1000


class MediaStream:
    """The `Media` port over an accepted socket."""

    def __init__(self, socket: WebSocket, runtime: TelephonyRuntime, carrier: TwilioCarrier, start: Start) -> None:
        self.wire = Wire(start.stream_sid, transcripts=_source(runtime, carrier) == TRANSCRIPTS)
        self._socket = socket
        self._runtime = runtime
        self._carrier = carrier
        self._call_sid = start.call_sid

    async def receive(self) -> Message:
        try:
            return await self._socket.receive_text()
        except (WebSocketDisconnect, RuntimeError, KeyError):
            raise MediaClosed from None

    async def send(self, message: Message) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # the reader tells the session of the end
            await self._socket.send_text(str(message))

    async def close(self) -> None:
        """Our document hangs up when our side of the socket closes."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await self._socket.close(NORMAL)

    async def transfer(self, number: str) -> bool:
        try:
            await self._runtime.in_thread(self._carrier.transfer, self._call_sid, number)
        except CarrierUnknown:
            log.warning("transfer failed")
            return False
        return True


async def hold_call(socket: WebSocket, runtime: TelephonyRuntime, carrier: TwilioCarrier) -> None:
    """Holds one call on an accepted signature; returns when it is over and written down."""
    await socket.accept()
    start = await _start(socket)
    call = await runtime.in_thread(_begin, runtime, carrier, start) if start else None
    if start is None or call is None:
        await socket.close(POLICY_VIOLATION)
        return
    media = MediaStream(socket, runtime, carrier, start)
    await media.wire.prepare()
    if not await hold(runtime, call, media, carrier.pace):
        await socket.close(POLICY_VIOLATION)


async def _start(socket: WebSocket) -> Start | None:
    """Reads until the start message; None if the other side is no carrier."""
    try:
        async with asyncio.timeout(START_TIMEOUT_SECONDS):
            for _ in range(START_MESSAGES):
                message = parse(await socket.receive_text())
                start = start_of(message) if message else None
                if start:
                    return start
    except (TimeoutError, WebSocketDisconnect, KeyError):
        pass
    return None


def _source(runtime: TelephonyRuntime, carrier: TwilioCarrier) -> str:
    """Where the words of its calls come from."""
    return runtime.hearing.on(simulated=carrier.name == SIMULATOR)[0]


def _begin(runtime: TelephonyRuntime, carrier: TwilioCarrier, start: Start) -> CallSnapshot | None:
    """Notes that audio flows; None for a call that is not there, over, held already, or another's."""
    try:
        with runtime.sessions.begin() as session:
            call = service.snapshot(session, UUID(start.call_id))
            held = runtime.live.get(call.id) is not None
            if held or call.carrier != carrier.name or call.ended_at is not None:
                return None
            return service.start_media(
                session, call.id, start.call_sid, _source(runtime, carrier), runtime.clock, held_at=runtime.address
            )
    except (NotFound, ValueError):
        return None
