"""The patient's audio without breaks: lines that send nothing while nobody speaks (silence suppression) are filled.

Turn-taking counts time by frames: a line that stops sending would stop the silence ladder, and what was said would be
answered with the next word only.
"""

import asyncio
from collections.abc import Callable

from telephony.audio.pcm import FRAME_SECONDS
from telephony.session.media import Media, MediaWire, Message

# Longer than a network's jitter, shorter than the pause that ends a turn: below it a frame is late, not left out.
PAUSE_SECONDS = 0.1


class Unbroken:
    """A `Media` that hears silence whenever the other side has sent no audio for a while.

    Args:
        media: The connection.
        is_audio: Whether a message is a frame of audio.
        silence: A frame of silence as the other side would send it.
    """

    def __init__(self, media: Media, is_audio: Callable[[Message], bool], silence: Message) -> None:
        self._media = media
        self._is_audio = is_audio
        self._silence = silence
        self._heard_until: float | None = None
        self._fills = False

    @property
    def wire(self) -> MediaWire:
        return self._media.wire

    async def receive(self) -> Message:
        """The next message; a pause is given its whole length, also the part in which it was not yet known as one."""
        loop = asyncio.get_running_loop()
        until = self._heard_until = self._heard_until or loop.time()
        try:
            async with asyncio.timeout_at(until + (FRAME_SECONDS if self._fills else PAUSE_SECONDS)):
                message = await self._media.receive()
        except TimeoutError:
            self._heard_until, self._fills = until + FRAME_SECONDS, True
            return self._silence
        if self._is_audio(message):
            self._heard_until, self._fills = loop.time(), False
        return message

    async def send(self, message: Message) -> None:
        await self._media.send(message)

    async def close(self) -> None:
        await self._media.close()

    async def transfer(self, number: str) -> bool:
        return await self._media.transfer(number)
