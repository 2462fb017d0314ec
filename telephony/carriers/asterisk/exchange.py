"""One process's place at the exchange: hears its events, and holds the calls that it was given."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

from core_api.kit.errors import NotFound
from core_api.kit.faults import described
from telephony import progress
from telephony.calls.schemas import StatusUpdate
from telephony.carriers.asterisk.account import MEDIA_SUFFIX, call_of, sid_of
from telephony.carriers.asterisk.ari import AriError
from telephony.carriers.asterisk.audiosocket import AudioSocketServer
from telephony.carriers.asterisk.carrier import AsteriskCarrier
from telephony.carriers.asterisk.causes import unanswered
from telephony.carriers.asterisk.connecting import AudioSocketConnector, Connector, WebSocketConnector
from telephony.carriers.asterisk.events import Event, Listener
from telephony.carriers.asterisk.inbound import InboundLeg
from telephony.carriers.asterisk.leg import Answered, Joined, Leg, Over, Ringing
from telephony.runtime import TelephonyRuntime

log = logging.getLogger(__name__)

WATCH_SECONDS = 10.0
AGAIN_SECONDS = 1.0
INBOUND_WATCH_SECONDS = 30.0
DEFAULT_RING_SECONDS = 65
STATES: dict[str, object] = {"Ring": Ringing(), "Ringing": Ringing(), "Up": Answered()}


class Exchange:
    """Runs beside the web process for as long as it serves.

    Args:
        runtime: Telephony's own.
        carrier: The exchange.
    """

    def __init__(self, runtime: TelephonyRuntime, carrier: AsteriskCarrier) -> None:
        self._runtime = runtime
        self._carrier = carrier
        self._account = carrier.account
        self._app = f"{self._account.app}-{secrets.token_hex(4)}"
        self._legs: dict[str, Leg | InboundLeg] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sockets = AudioSocketServer(self._account.audiosocket_host, self._account.audiosocket_port)
        self._connector: Connector = WebSocketConnector(self._account)

    async def run(self) -> None:
        """Until cancelled; then no line is left open."""
        if self._account.transport == "audiosocket":
            await self._sockets.start()
            self._connector = AudioSocketConnector(self._sockets)
        try:
            while True:
                await self._listen()
        finally:
            self._lost()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._sockets.close()
            self._carrier.ari.close()

    async def _listen(self) -> None:
        """Ends by an error only; the calls that are held go on meanwhile."""
        listener = Listener(self._account, self._app, self._take, self._connected, self._lost)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(listener.run())
                group.create_task(self._watch())
                group.create_task(self._inbound())
        except Exception as error:  # noqa: BLE001 - the line's edge: whatever came over it, listening goes on
            log.error("listening to the exchange failed", extra={"error": described(error)})  # noqa: TRY400
            await asyncio.sleep(AGAIN_SECONDS)

    async def _connected(self) -> None:
        self._carrier.listening = self._app
        await self._resync()

    def _lost(self) -> None:
        self._carrier.listening = None

    async def _watch(self) -> None:
        """Events can be lost, and processes too."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            await self._resync()

    async def _resync(self) -> None:
        """A channel that is gone without a word ends its call; one that a dead process left is hung up."""
        legs = {id(leg): leg for leg in self._legs.values()}.values()
        try:
            channels = await self._runtime.in_thread(self._carrier.ari.channels)
            for channel_id in abandoned(channels, self._account.app):
                if channel_id not in self._legs:
                    log.warning("a call that a lost process held is hung up", extra={"call_id": call_of(channel_id)})
                    await self._runtime.in_thread(self._carrier.ari.hang_up, channel_id)
        except AriError:
            return
        present = {str(channel.get("id")) for channel in channels}
        for leg in legs:
            if leg.sid not in present:
                leg.tell(Over())

    async def _inbound(self) -> None:
        """The application that the dialplan names for calls to us; one process has it at a time."""
        while True:
            await Listener(self._account, self._account.app, self._take, _nothing, lambda: None).run()
            taken = True
            while taken:
                await asyncio.sleep(INBOUND_WATCH_SECONDS)
                with contextlib.suppress(AriError):
                    taken = self._account.app in await self._runtime.in_thread(self._carrier.ari.apps)

    def _take(self, event: Event) -> None:
        channel = event.get("channel")
        if not isinstance(channel, dict):
            return
        channel_id = str(channel.get("id", ""))
        leg = self._legs.get(channel_id)
        kind = event.get("type")
        if leg is not None:
            _tell(leg, kind, channel, event.get("cause"))
        elif kind == "StasisStart":
            self._begin(channel, [str(part) for part in event.get("args") or []])
        elif kind == "ChannelDestroyed":
            self._gone(channel_id, event.get("cause"))

    def _begin(self, channel: Event, arguments: list[str]) -> None:
        channel_id = str(channel.get("id", ""))
        call_id = call_of(channel_id)
        kind = arguments[0] if arguments else ""
        if kind == "out" and call_id is not None:
            seconds = int(arguments[1]) if arguments[1:] and arguments[1].isdigit() else DEFAULT_RING_SECONDS
            self._hold(Leg(self._runtime, self._carrier, self._connector, self._app, call_id, seconds))
        elif kind == "in":
            caller = str((channel.get("caller") or {}).get("number") or "")
            self._hold(InboundLeg(self._runtime, self._carrier, self._connector, self._app, channel_id, caller))

    def _hold(self, leg: Leg | InboundLeg) -> None:
        self._legs[leg.sid] = self._legs[leg.media_id] = leg
        self._start(self._held(leg))

    async def _held(self, leg: Leg | InboundLeg) -> None:
        try:
            await leg.run()
        except Exception as error:  # noqa: BLE001 - a call's edge: it takes no other with it
            log.error("a call at the exchange failed", extra={"error": described(error)})  # noqa: TRY400
        finally:
            self._legs.pop(leg.sid, None)
            self._legs.pop(leg.media_id, None)

    def _gone(self, channel_id: str, cause: object) -> None:
        call_id = call_of(channel_id)
        if call_id is not None and channel_id == sid_of(call_id):
            self._start(self._note_end(call_id, channel_id, _number(cause)))

    async def _note_end(self, call_id: UUID, sid: str, cause: int | None) -> None:
        """The end of a call that is not held here any more; one that was talked on is only noted."""
        status, disposition = unanswered(cause, None)
        update = StatusUpdate(sid=sid, status=status, sequence="gone", disposition=disposition)
        with contextlib.suppress(NotFound):
            await self._runtime.in_thread(progress.take_status, self._runtime, call_id, update)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def abandoned(channels: list[Event], app: str) -> list[str]:
    """Answered calls whose audio goes nowhere: their media channel ends with the process that held it."""
    present = {str(channel.get("id")) for channel in channels}
    found = []
    for channel in channels:
        channel_id, plan = str(channel.get("id")), channel.get("dialplan") or {}
        in_app = plan.get("app_name") == "Stasis" and str(plan.get("app_data", "")).startswith(f"{app}-")
        answered = channel.get("state") == "Up" and call_of(channel_id) is not None
        if in_app and answered and not channel_id.endswith(MEDIA_SUFFIX):
            found += [] if f"{channel_id}{MEDIA_SUFFIX}" in present else [channel_id]
    return found


def _tell(leg: Leg | InboundLeg, kind: object, channel: Event, cause: object) -> None:
    """Passes on what concerns a call that is held here."""
    ours = channel.get("id") == leg.sid
    if kind == "StasisStart" and not ours:
        leg.tell(Joined())
    elif kind == "ChannelStateChange" and ours:
        leg.tell(STATES.get(str(channel.get("state"))))
    elif kind == "ChannelDestroyed" and ours:
        leg.tell(Over(_number(cause)))


def _number(cause: object) -> int | None:
    return cause if isinstance(cause, int) else None


async def _nothing() -> None:
    """Calls to us that were not heard of are over by now."""
