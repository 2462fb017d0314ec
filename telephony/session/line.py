"""The bot's side of the audio: frames paced to the telephone, marks, clear; the `Call` port over a socket."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from telephony.audio.pcm import FRAME_SECONDS
from telephony.audio.pcm import frames as cut
from telephony.audio.tones import dtmf
from telephony.session.media import MediaWire, Message
from telephony.session.tempo import Tempo

AHEAD_SECONDS = 0.4  # Twilio buffers more, but what is sent cannot be unsaid quickly
REFILL_SECONDS = 0.2
LATE_SECONDS = 0.06  # the listener hears a gap

Send = Callable[[Message], Awaitable[None]]
Close = Callable[[], Awaitable[None]]
Transfer = Callable[[str], Awaitable[bool]]
Played = Callable[[bytes, float], None]


class Tape(Protocol):
    """Told of what the patient hears."""

    def bot(self, pcm: bytes) -> None:
        """20 ms that were sent."""
        ...

    def clear(self) -> None:
        """What was sent and not heard yet never will be."""
        ...


@dataclass
class LineCounts:
    """What went over the line; `late` frames were sent after the telephone had run dry."""

    sent: int = 0
    late: int = 0


class Line:
    """Sends at most AHEAD_SECONDS ahead of what the telephone plays.

    Args:
        wire: Makes the messages.
        send: Writes one message to the socket.
        close: Ends the call.
        transfer: Connects the patient to another number.
        tape: Told what was sent.
        tempo: The call's time.
    """

    def __init__(self, wire: MediaWire, send: Send, close: Close, transfer: Transfer, tape: Tape, tempo: Tempo) -> None:
        self._wire = wire
        self._send = send
        self._close = close
        self._transfer = transfer
        self._tape = tape
        self._tempo = tempo
        self._queue: deque[bytes | str] = deque()
        self._wake = asyncio.Event()
        self._heard_until = 0.0
        self._mid_utterance = False
        self.counts = LineCounts()
        self.first_frame_at: float | None = None
        self.played: Played = lambda _pcm, _at: None
        """Told of every frame and the call second at which the telephone plays it."""

    async def play(self, frames: list[bytes]) -> None:
        self._queue.extend(frames)
        self._wake.set()

    async def mark(self, name: str) -> None:
        self._queue.append(name)
        self._wake.set()

    async def clear(self) -> None:
        """Marks that were sent come back at once, those still queued here never were heard of."""
        self._queue.clear()
        self._tape.clear()
        self._heard_until = self._tempo.now()
        self._mid_utterance = False
        await self._send(await self._wire.clear())

    async def dtmf(self, keys: str) -> None:
        await self.play(cut(dtmf(keys)))

    async def hangup(self) -> None:
        await self._close()

    async def transfer(self, number: str) -> bool:
        return await self._transfer(number)

    def record(self) -> None:
        """The recorder runs from the first frame."""

    def expect_first_frame(self) -> None:
        """Forgets the last utterance, so that `first_frame_at` tells of the next one (time.monotonic)."""
        self.first_frame_at = None

    @property
    def seconds_left(self) -> float:
        """Call seconds until all that is queued has been heard."""
        queued = sum(1 for item in self._queue if isinstance(item, bytes)) * FRAME_SECONDS
        return max(0.0, self._heard_until - self._tempo.now()) + queued

    async def run(self) -> None:
        """Sends until cancelled."""
        while True:
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
            await self._refill()
            if self._queue:
                await self._tempo.sleep(self._heard_until - self._tempo.now() - REFILL_SECONDS)

    async def _refill(self) -> None:
        while self._queue and self._heard_until - self._tempo.now() < AHEAD_SECONDS:
            item = self._queue.popleft()
            if isinstance(item, str):
                self._mid_utterance = False
                await self._send(self._wire.mark(item))
            else:
                await self._frame(item)

    async def _frame(self, pcm: bytes) -> None:
        now = self._tempo.now()
        if self._heard_until < now:
            dry_seconds = self._tempo.real(now - self._heard_until)
            self.counts.late += int(self._mid_utterance and dry_seconds > LATE_SECONDS)
            self._heard_until = now
        self.played(pcm, self._heard_until)
        self._heard_until += FRAME_SECONDS
        self._mid_utterance = True
        self._tape.bot(pcm)
        self.counts.sent += 1
        if self.first_frame_at is None:
            self.first_frame_at = time.monotonic()
        await self._send(self._wire.audio(pcm))
