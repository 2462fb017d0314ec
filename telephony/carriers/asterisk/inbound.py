"""One call to us at the exchange: audio first, then the answer, then the talk."""

import asyncio
import contextlib
import logging
from functools import partial
from typing import Any
from uuid import uuid4

from sqlalchemy.exc import SQLAlchemyError

from core_api.kit.errors import NotFound, ServiceError
from telephony import arrivals, progress
from telephony.audio.pcm import frames
from telephony.calls import service
from telephony.calls.schemas import CallSnapshot, StatusUpdate
from telephony.carriers.asterisk.account import MEDIA_SUFFIX, PREFIX
from telephony.carriers.asterisk.ari import AriError
from telephony.carriers.asterisk.carrier import AsteriskCarrier
from telephony.carriers.asterisk.connecting import Connector
from telephony.carriers.asterisk.leg import END_SECONDS, JOIN_SECONDS, Joined, Over
from telephony.carriers.ports import CarrierUnknown
from telephony.runtime import TelephonyRuntime
from telephony.session.holding import hold
from telephony.session.media import Media, MediaClosed
from telephony.session.wire import Mark
from telephony.speech.synthesis import SynthesisFailed

log = logging.getLogger(__name__)

SENTENCE_SECONDS = 30.0


class InboundLeg:
    """Writes the call down, answers, and holds it; where it cannot be written down it says so and hangs up.

    Args:
        runtime: Telephony's own.
        carrier: The exchange.
        connector: Gets the audio.
        app: This process's application.
        channel_id: The caller's channel.
        caller: The caller's number as the exchange has it.
    """

    def __init__(
        self,
        runtime: TelephonyRuntime,
        carrier: AsteriskCarrier,
        connector: Connector,
        app: str,
        channel_id: str,
        caller: str,
    ) -> None:
        self._runtime = runtime
        self._carrier = carrier
        self._connector = connector
        self._app = app
        self._caller = caller
        self._inbox: asyncio.Queue[object] = asyncio.Queue()
        self._left = False
        self._over = False
        self.sid = channel_id
        self.media_id = f"{PREFIX}in-{uuid4()}{MEDIA_SUFFIX}"

    def tell(self, item: object) -> None:
        """What the exchange says of this call; from the event loop."""
        self._inbox.put_nowait(item)

    async def run(self) -> None:
        """To the end of the call."""
        media: Media | None = None
        call: CallSnapshot | None = None
        try:
            media = await self._connector.connect(
                partial(self._ask, self._carrier.ari.external_media),
                {"channelId": self.media_id, "app": self._app},
                self._hang_up,
                self._transfer,
            )
            call = await self._registered()
            await self._answer()
            await self._talk(media, call)
        except (AriError, MediaClosed, SynthesisFailed, TimeoutError) as error:
            log.warning("a call to us was not answered", extra={"reason": type(error).__name__})
        finally:
            await (media.close() if media else self._hang_up())
            await self._quietly(self._carrier.ari.unbridge, self.media_id)
        if call is not None:
            await self._see_it_gone(call)

    async def _registered(self) -> CallSnapshot | None:
        """None where the record cannot be written: the caller is told, not left in silence."""
        try:
            return await self._ask(arrivals.register, self._runtime, self._carrier, self.sid, self._caller)  # type: ignore[no-any-return]
        except (ServiceError, SQLAlchemyError):
            log.warning("a call to us could not be written down")
            return None

    async def _answer(self) -> None:
        async with asyncio.timeout(JOIN_SECONDS):
            while not isinstance(item := await self._inbox.get(), Joined):
                if isinstance(item, Over):
                    self._over = True
                    raise MediaClosed
        await self._ask(self._carrier.ari.answer, self.sid)
        await self._ask(self._carrier.ari.bridge, self.media_id, [self.sid, self.media_id])

    async def _talk(self, media: Media, call: CallSnapshot | None) -> None:
        if call is None or call.ended_at is not None:
            async with asyncio.timeout(SENTENCE_SECONDS):
                await self._say(media)
            return
        begun = await self._ask(_begin, self._runtime, call, self.sid)
        following = asyncio.create_task(self._follow(call))
        try:
            await hold(self._runtime, begun, media, self._carrier.pace)
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    async def _follow(self, call: CallSnapshot) -> None:
        """Tells the session when the caller hangs up."""
        await self._until_over()
        await self._note(call, "completed")

    async def _until_over(self) -> None:
        while not isinstance(await self._inbox.get(), Over):
            pass
        self._over = True

    async def _see_it_gone(self, call: CallSnapshot) -> None:
        with contextlib.suppress(TimeoutError):
            if not self._over and not self._left:
                async with asyncio.timeout(END_SECONDS):
                    await self._until_over()
        await self._note(call, "completed")

    async def _note(self, call: CallSnapshot, status: str) -> None:
        update = StatusUpdate(sid=self.sid, status=status, sequence=status)
        with contextlib.suppress(NotFound, SQLAlchemyError):
            await self._ask(progress.take_status, self._runtime, call.id, update)

    async def _say(self, media: Media) -> None:
        text = self._runtime.settings.inbound_text
        pcm = await self._ask(self._runtime.synthesizer.say, text)
        for frame in frames(pcm):
            await media.send(media.wire.audio(frame))
        await media.send(media.wire.mark("said"))
        while not isinstance(await media.wire.read(await media.receive()), Mark):
            pass

    async def _transfer(self, number: str) -> bool:
        try:
            await self._ask(self._carrier.transfer, self.sid, number)
        except CarrierUnknown:
            log.warning("a call to us could not be transferred")
            return False
        self._left = True
        return True

    async def _hang_up(self) -> None:
        if not self._left:
            await self._quietly(self._carrier.ari.hang_up, self.sid)

    async def _quietly(self, function: Any, *arguments: Any) -> None:  # noqa: ANN401 - any ARI verb
        try:
            await self._ask(function, *arguments)
        except AriError:
            log.warning("a call to us could not be cleared")

    async def _ask(self, function: Any, *arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - any blocking function
        return await self._runtime.in_thread(partial(function, **more), *arguments)


def _begin(runtime: TelephonyRuntime, call: CallSnapshot, sid: str) -> CallSnapshot:
    """Notes that audio flows."""
    with runtime.sessions.begin() as session:
        source, _ = runtime.hearing.on(simulated=False)
        return service.start_media(session, call.id, sid, source, runtime.clock, held_at=runtime.address)
