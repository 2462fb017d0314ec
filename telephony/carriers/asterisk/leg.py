"""One outgoing call at the exchange, from its channel's making to its end."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from core_api.kit.errors import NotFound
from telephony import progress
from telephony.calls import service
from telephony.calls.rules import NOT_PLACED
from telephony.calls.schemas import CallSnapshot, StatusUpdate
from telephony.carriers.asterisk.account import MEDIA_SUFFIX, sid_of
from telephony.carriers.asterisk.announcements import hear
from telephony.carriers.asterisk.ari import AriError
from telephony.carriers.asterisk.carrier import AsteriskCarrier
from telephony.carriers.asterisk.causes import leaves_open, unanswered
from telephony.carriers.asterisk.connecting import Connector
from telephony.carriers.asterisk.early_media import EarlyMedia
from telephony.carriers.ports import CarrierUnknown
from telephony.runtime import TelephonyRuntime
from telephony.session.holding import beats, hold
from telephony.session.media import Media, MediaClosed
from telephony.session.wire import Audio

log = logging.getLogger(__name__)

JOIN_SECONDS = 10.0  # a loaded exchange took more than five
END_SECONDS = 5.0
# What AMD() in the dialplan found, if it is used there; NOTSURE counts as a person.
AMD_VARIABLE = "SHARED(AMDSTATUS)"
MACHINE = "MACHINE"


@dataclass(frozen=True)
class Joined:
    """The media channel has come into the application."""


@dataclass(frozen=True)
class Ringing:
    pass


@dataclass(frozen=True)
class Answered:
    pass


@dataclass(frozen=True)
class Settled:
    """What is heard says that nobody will answer."""


@dataclass(frozen=True)
class Over:
    """The patient's channel is gone; `cause` as the network told it (Q.850)."""

    cause: int | None = None


class Ended(Exception):
    """The call is over before anybody answered."""

    def __init__(self, cause: int | None) -> None:
        super().__init__(str(cause))
        self.cause = cause


class Leg:
    """Holds one call: its audio first, then the dialling, then the talk.

    Args:
        runtime: Telephony's own.
        carrier: The exchange.
        connector: Gets the audio.
        app: This process's application.
        call_id: The call.
        ring_seconds: Longest ringing, by our own timer.
    """

    def __init__(
        self,
        runtime: TelephonyRuntime,
        carrier: AsteriskCarrier,
        connector: Connector,
        app: str,
        call_id: UUID,
        ring_seconds: int,
    ) -> None:
        self._runtime = runtime
        self._carrier = carrier
        self._connector = connector
        self._app = app
        self._ring_seconds = ring_seconds
        self._inbox: asyncio.Queue[object] = asyncio.Queue()
        self._left = False
        self._over = False
        self._talked = False
        self._dialled = False
        self._early = EarlyMedia()
        self.call_id = call_id
        self.sid = sid_of(call_id)
        self.media_id = f"{self.sid}{MEDIA_SUFFIX}"

    def tell(self, item: object) -> None:
        """What the exchange says of this call; from the event loop."""
        self._inbox.put_nowait(item)

    async def run(self) -> None:
        """Holds the call to its end; whatever happens, the patient's line is not left open."""
        beat = asyncio.create_task(beats(self._runtime, self.call_id))
        media: Media | None = None
        try:
            await self._note("initiated")
            media = await self._open()
            if await self._ring(media):
                await self._talk(media)
        except Ended as ended:
            await self._note_unanswered(ended.cause)
        except (AriError, MediaClosed, TimeoutError) as error:
            reason = f"{type(error).__name__} {error}"
            log.warning("a call could not be held", extra={"call_id": self.call_id, "reason": reason})
            await self._note_unanswered(None)
        except (NotFound, SQLAlchemyError):
            log.warning("a call that is not in the record is hung up", extra={"call_id": self.call_id})
        finally:
            beat.cancel()
            await self._close(media)
        await self._see_it_gone()

    async def _open(self) -> Media:
        """Audio first: so the early media are heard from their beginning."""
        media = await self._connector.connect(
            partial(self._ask, self._carrier.ari.external_media),
            {"channelId": self.media_id, "app": self._app},
            self._hang_up,
            self._transfer,
        )
        try:
            async with asyncio.timeout(JOIN_SECONDS):
                while not isinstance(await self._next(), Joined):
                    pass
            await self._ask(self._carrier.ari.bridge, self.sid, [self.sid, self.media_id])
            self._dialled = True
            await self._ask(self._carrier.ari.dial, self.sid, self._ring_seconds)
        except BaseException:
            await media.close()
            raise
        return media

    async def _ring(self, media: Media) -> bool:
        """Waits for an answer; True if there was one."""
        hearing = asyncio.create_task(self._hear(media))
        try:
            async with asyncio.timeout(self._ring_seconds + END_SECONDS):
                while True:
                    match await self._next():
                        case Ringing():
                            await self._note("ringing")
                        case Answered():
                            return True
                        case Settled():
                            await self._hang_up()
        finally:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)

    async def _next(self) -> object:
        """What comes before an answer. Raises Ended."""
        item = await self._inbox.get()
        if isinstance(item, Over):
            self._over = True
            raise Ended(item.cause)
        return item

    async def _hear(self, media: Media) -> None:
        try:
            while True:
                event = await media.wire.read(await media.receive())
                if isinstance(event, Audio) and self._early.take(event.pcm):
                    self.tell(Settled())
        except MediaClosed:
            await self._hang_up()

    async def _talk(self, media: Media) -> None:
        found = await self._ask(self._carrier.ari.variable, self.sid, AMD_VARIABLE)
        if found == MACHINE:
            await self._ask(progress.take_answered_by, self._runtime, self.call_id, "machine_start")
        await self._note("in-progress")
        call = await self._ask(_begin, self._runtime, self.call_id, self.sid)
        if call is None:
            return
        self._talked = True
        following = asyncio.create_task(self._follow())
        try:
            await hold(self._runtime, call, media, self._carrier.pace)
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    async def _follow(self) -> None:
        """Tells the session when the patient hangs up."""
        await self._until_over()
        await self._note("completed")

    async def _until_over(self) -> None:
        while not isinstance(await self._inbox.get(), Over):
            pass
        self._over = True

    async def _see_it_gone(self) -> None:
        """Our own hanging up ends in the same event; a channel that we have sent on is no longer ours."""
        with contextlib.suppress(TimeoutError, NotFound):
            if not self._over and not self._left:
                async with asyncio.timeout(END_SECONDS):
                    await self._until_over()
            if self._talked:
                await self._note("completed")

    async def _hang_up(self) -> None:
        if self._left:
            return
        try:
            await self._ask(self._carrier.ari.hang_up, self.sid)
        except AriError:
            log.warning("a channel could not be hung up", extra={"call_id": self.call_id})

    async def _transfer(self, number: str) -> bool:
        try:
            await self._ask(self._carrier.transfer, self.sid, number)
        except CarrierUnknown:
            log.warning("transfer failed", extra={"call_id": self.call_id})
            return False
        self._left = True
        return True

    async def _close(self, media: Media | None) -> None:
        if media is not None:
            await media.close()
        else:
            await self._hang_up()
        try:
            await self._ask(self._carrier.ari.unbridge, self.sid)
        except AriError:
            log.warning("a bridge could not be dissolved", extra={"call_id": self.call_id})

    async def _note(self, status: str, disposition: str | None = None) -> None:
        update = StatusUpdate(sid=self.sid, status=status, sequence=status, disposition=disposition)
        await self._ask(_take_step, self._runtime, self.call_id, update)

    async def _note_unanswered(self, cause: int | None) -> None:
        _, recognition = self._runtime.hearing.on(simulated=False)
        if recognition is not None and leaves_open(cause, self._early.heard):
            loop = asyncio.get_running_loop()
            words = await loop.run_in_executor(recognition.workers, hear, recognition.recogniser, self._early.sound)
            self._early.take_words(words)
        status, disposition = unanswered(cause, self._early.heard)
        await self._note(*(status, disposition) if self._dialled else ("failed", NOT_PLACED))

    async def _ask(self, function: Any, *arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - any blocking function
        return await self._runtime.in_thread(partial(function, **more), *arguments)


def _take_step(runtime: TelephonyRuntime, call_id: UUID, update: StatusUpdate) -> None:
    """Writes a step down and says that this process holds the call."""
    with runtime.sessions.begin() as session:
        service.beat(session, call_id, runtime.clock)
    progress.take_status(runtime, call_id, update)


def _begin(runtime: TelephonyRuntime, call_id: UUID, sid: str) -> CallSnapshot | None:
    """Notes that audio flows; None for a call that is over on our side."""
    with runtime.sessions.begin() as session:
        if service.snapshot(session, call_id).ended_at is not None:
            return None
        source, _ = runtime.hearing.on(simulated=False)
        return service.start_media(session, call_id, sid, source, runtime.clock, held_at=runtime.address)
