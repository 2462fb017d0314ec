"""Calls to us: there is no dialogue for them, so they hear a sentence and are hung up."""

import asyncio
import logging
from functools import partial
from typing import Any
from uuid import uuid4

from telephony.audio.pcm import frames
from telephony.carriers.asterisk.account import MEDIA_SUFFIX, PREFIX
from telephony.carriers.asterisk.ari import AriError
from telephony.carriers.asterisk.carrier import AsteriskCarrier
from telephony.carriers.asterisk.connecting import Connector
from telephony.carriers.asterisk.leg import JOIN_SECONDS, Joined, Over
from telephony.runtime import TelephonyRuntime
from telephony.session.media import Media, MediaClosed
from telephony.session.wire import Mark
from telephony.speech.synthesis import SynthesisFailed

log = logging.getLogger(__name__)

SENTENCE_SECONDS = 30.0


class InboundLeg:
    """Answers, says the sentence, hangs up."""

    def __init__(
        self, runtime: TelephonyRuntime, carrier: AsteriskCarrier, connector: Connector, app: str, channel_id: str
    ) -> None:
        self._runtime = runtime
        self._carrier = carrier
        self._connector = connector
        self._app = app
        self._inbox: asyncio.Queue[object] = asyncio.Queue()
        self.sid = channel_id
        self.media_id = f"{PREFIX}in-{uuid4()}{MEDIA_SUFFIX}"

    def tell(self, item: object) -> None:
        """What the exchange says of this call; from the event loop."""
        self._inbox.put_nowait(item)

    async def run(self) -> None:
        """To the end of the call."""
        media: Media | None = None
        try:
            async with asyncio.timeout(SENTENCE_SECONDS):
                media = await self._connector.connect(
                    partial(self._ask, self._carrier.ari.external_media),
                    {"channelId": self.media_id, "app": self._app},
                    self._hang_up,
                    _nowhere,
                )
                await self._answer()
                await self._say(media)
        except (AriError, MediaClosed, SynthesisFailed, TimeoutError) as error:
            log.warning("a call to us was not answered", extra={"reason": type(error).__name__})
        finally:
            await (media.close() if media else self._hang_up())
            await self._quietly(self._carrier.ari.unbridge, self.media_id)

    async def _answer(self) -> None:
        async with asyncio.timeout(JOIN_SECONDS):
            while not isinstance(item := await self._inbox.get(), Joined):
                if isinstance(item, Over):
                    raise MediaClosed
        await self._ask(self._carrier.ari.answer, self.sid)
        await self._ask(self._carrier.ari.bridge, self.media_id, [self.sid, self.media_id])

    async def _say(self, media: Media) -> None:
        text = self._runtime.settings.inbound_text
        pcm = await self._ask(self._runtime.synthesizer.say, text)
        for frame in frames(pcm):
            await media.send(media.wire.audio(frame))
        await media.send(media.wire.mark("said"))
        while not isinstance(await media.wire.read(await media.receive()), Mark):
            pass

    async def _hang_up(self) -> None:
        await self._quietly(self._carrier.ari.hang_up, self.sid)

    async def _quietly(self, function: Any, *arguments: Any) -> None:  # noqa: ANN401 - any ARI verb
        try:
            await self._ask(function, *arguments)
        except AriError:
            log.warning("a call to us could not be cleared")

    async def _ask(self, function: Any, *arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - any blocking function
        return await self._runtime.in_thread(partial(function, **more), *arguments)


async def _nowhere(_number: str) -> None:
    """Such a call is not transferred."""
