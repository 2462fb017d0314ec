"""The telephone's end of a media stream: frames each 20 ms, what the bot sent played out, marks when heard."""

import asyncio
import base64
import contextlib
import itertools
import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from telephony.audio.pcm import FRAME_SAMPLES, FRAME_SECONDS, MULAW_SILENCE
from telephony.session.tempo import Tempo

SILENCE = base64.b64encode(bytes([MULAW_SILENCE]) * FRAME_SAMPLES).decode()
MOST_TICKS_AT_ONCE = 25


class Stream:
    """Plays what comes, sends what the patient says.

    Args:
        socket: To our side.
        ids: account, call and stream id.
        parameters: Custom parameters of the document.
        tempo: The call's time.
        heard: Called with a mark's name when the patient has heard up to it.
        answered: Called with the call seconds from the last sound of what the patient said to the bot's first.
    """

    def __init__(
        self, socket: ClientConnection, ids: dict[str, str], parameters: dict[str, str], tempo: Tempo,
        heard: Callable[[str], None], answered: Callable[[float], None] = lambda _seconds: None,
    ) -> None:  # fmt: skip
        self._socket = socket
        self._ids = ids
        self._parameters = parameters
        self._tempo = tempo
        self._heard = heard
        self._answered = answered
        self._said_at: float | None = None
        self._sequence = itertools.count(1)
        self._chunk = itertools.count(1)
        self._playing: deque[str | None] = deque()
        self._saying: deque[tuple[bytes | None, dict[str, Any] | None]] = deque()
        self._idle: Iterator[str] = itertools.repeat(SILENCE)
        self._sent_frames = 0
        self.bot_frames = 0
        self.over = asyncio.Event()

    async def run(self) -> None:
        """Until either side ends it."""
        await self._send({"event": "connected", "protocol": "Call", "version": "1.0.0"}, numbered=False)
        await self._send({"event": "start", "start": self._start()})
        reader = asyncio.create_task(self._read())
        ticker = asyncio.create_task(self._tick())
        await self.over.wait()
        for task in (reader, ticker):
            task.cancel()
        await asyncio.gather(reader, ticker, return_exceptions=True)
        with contextlib.suppress(ConnectionClosed):
            ids = {"accountSid": self._ids["account"], "callSid": self._ids["call"]}
            await self._send({"event": "stop", "stop": ids})
        await self._socket.close()

    def idles_with(self, frames: Sequence[bytes]) -> None:
        """What the line sounds like while the patient says nothing; silence for none."""
        if frames:
            self._idle = itertools.cycle([base64.b64encode(frame).decode() for frame in frames])

    def say(self, frames: list[bytes], then: dict[str, Any] | None = None, first: dict[str, Any] | None = None) -> None:
        """Queues the patient's audio; a message may come before its first frame, and one follow its last."""
        if first is not None:
            self._saying.append((None, first))
        self._saying.extend((frame, None) for frame in frames)
        if then is not None:
            self._saying.append((None, then))

    @property
    def waiting_to_say(self) -> bool:
        return bool(self._saying)

    @property
    def bot_speaking(self) -> bool:
        return any(item is None for item in self._playing)

    async def _tick(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                due = int(self._tempo.now() / FRAME_SECONDS) - self._sent_frames
                for _ in range(min(due, MOST_TICKS_AT_ONCE)):
                    await self._frame()
                await self._tempo.sleep((self._sent_frames + 1) * FRAME_SECONDS - self._tempo.now())
        self.over.set()

    async def _frame(self) -> None:
        """20 ms: the patient says a frame and hears a frame."""
        payload = next(self._idle)
        while self._saying:
            frame, message = self._saying.popleft()
            if message is not None:
                await self._send(message)
                continue
            payload = base64.b64encode(frame or b"").decode()
            # The frame that is sent now has been said when the next one is due.
            last = not any(kept is not None for kept, _ in self._saying)
            self._said_at = (self._sent_frames + 1) * FRAME_SECONDS if last else None
            break
        # Written out, for it is said fifty times a second for each call.
        message_json = (
            f'{{"event": "media", "media": {{"track": "inbound", "chunk": "{next(self._chunk)}", '
            f'"timestamp": "{self._sent_frames * 20}", "payload": "{payload}"}}, '
            f'"sequenceNumber": "{next(self._sequence)}", "streamSid": "{self._ids["stream"]}"}}'
        )
        self._sent_frames += 1
        await self._socket.send(message_json)
        await self._play_one()

    async def _play_one(self) -> None:
        await self._marks_due()
        if self._playing:
            self._playing.popleft()
            self.bot_frames += 1
        await self._marks_due()

    async def _marks_due(self) -> None:
        while self._playing and isinstance(self._playing[0], str):
            await self._mark_heard(str(self._playing.popleft()), heard=True)

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for raw in self._socket:
                await self._take(json.loads(raw))
        self.over.set()

    async def _take(self, message: dict[str, Any]) -> None:
        match message.get("event"):
            case "media":
                size = len(base64.b64decode(message["media"]["payload"], validate=True))
                if self._said_at is not None and not self.bot_speaking:
                    self._answered(max(0.0, self._tempo.now() - self._said_at))
                self._said_at = None
                self._playing.extend([None] * max(1, round(size / FRAME_SAMPLES)))
            case "mark":
                self._playing.append(str(message["mark"]["name"]))
            case "clear":
                marks = [item for item in self._playing if item is not None]
                self._playing.clear()
                for name in marks:
                    await self._mark_heard(name, heard=False)

    async def _mark_heard(self, name: str, *, heard: bool) -> None:
        await self._send({"event": "mark", "mark": {"name": name}})
        if heard:
            self._heard(name)

    def _start(self) -> dict[str, Any]:
        return {
            "accountSid": self._ids["account"],
            "streamSid": self._ids["stream"],
            "callSid": self._ids["call"],
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": self._parameters,
        }

    async def _send(self, message: dict[str, Any], *, numbered: bool = True) -> None:
        if numbered:
            message = message | {"sequenceNumber": str(next(self._sequence)), "streamSid": self._ids["stream"]}
        await self._socket.send(json.dumps(message, ensure_ascii=False))
