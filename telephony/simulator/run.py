"""One simulated call from queue to end."""

import asyncio
import contextlib
import itertools
import logging
import secrets
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element, ParseError, fromstring

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, WebSocketException

from telephony.session.tempo import Tempo
from telephony.simulator.callbacks import Callbacks
from telephony.simulator.personas import Library, Patient, Persona, Reaction
from telephony.simulator.settings import SimulatorSettings
from telephony.simulator.signature import sign
from telephony.simulator.store import SimCall, Store, now
from telephony.simulator.stream import Stream
from telephony.simulator.voice import PersonaVoices, tones

log = logging.getLogger(__name__)

MACHINE_SECONDS = 2.4
INTERRUPT_AFTER_SECONDS = 1.0
AFTER_BEEP_SECONDS = 30.0
BACKCHANNEL_AFTER_SECONDS = 1.5
INBOUND = "inbound"
FINAL = {"completed", "busy", "failed", "no-answer", "canceled"}


class CallRun:
    """Rings, answers, talks, ends; tells our side as a carrier does.

    Args:
        settings: The simulator's.
        store: The carrier's memory.
        library: Personas.
        voices: Their speech.
        http: Client to our side.
        sid: The call.
    """

    def __init__(
        self, settings: SimulatorSettings, store: Store, library: Library, voices: PersonaVoices,
        http: httpx.AsyncClient, sid: str,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._store = store
        self._voices = voices
        self._sid = sid
        call = self._call
        self._persona: Persona = library.personas[call.persona]
        seed = f"{settings.seed}|{call.to}|{store.count(call.to)}"
        self._patient = Patient(self._persona, library, seed, call.facts)
        self._tempo = Tempo(settings.pace)
        self._callbacks = Callbacks(settings, http, seed, self._tempo)
        self._ended = asyncio.Event()
        self._stream: Stream | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Runs the call to its end."""
        try:
            if self._call.direction == INBOUND:
                await self._arrive()
            else:
                await self._ring()
                if self._call.status == "in-progress":
                    await self._talk(await self._callbacks.document(self._call))
        finally:
            await self._finish()

    def hang_up(self) -> None:
        """By REST: ends the call wherever it is."""
        self._ended.set()
        if self._stream is not None:
            self._stream.over.set()

    @property
    def _call(self) -> SimCall:
        call = self._store.get(self._sid)
        if call is None:
            raise KeyError(self._sid)
        return call

    async def _ring(self) -> None:
        line = self._persona.line
        self._callbacks.status(self._change("initiated"), "initiated")
        if line.result in {"failed", "busy"}:
            await self._wait(1.5)
            more = {"SipResponseCode": line.sip_code} if line.sip_code else {}
            self._callbacks.status(self._over(line.result), "completed", **more)
            return
        self._callbacks.status(self._change("ringing"), "ringing")
        rings = self._call.timeout_seconds if line.result == "no-answer" else line.ring_seconds
        await self._wait(min(rings, self._call.timeout_seconds))
        if self._ended.is_set():
            self._callbacks.status(self._over("canceled"), "completed")
        elif line.result == "no-answer" or line.ring_seconds >= self._call.timeout_seconds:
            self._callbacks.status(self._over("no-answer"), "completed")
        else:
            answered = self._store.change(self._sid, status="in-progress", answered_at=now())
            self._callbacks.status(answered, "answered")

    async def _arrive(self) -> None:
        """A persona calls: our side is asked while it rings, and its document answers."""
        ringing = self._change("ringing")
        document = await self._callbacks.document(ringing)
        if document is None:
            self._callbacks.status(self._over("failed"), "completed")
            return
        self._store.change(self._sid, status="in-progress", answered_at=now())
        await self._talk(document)

    async def _talk(self, document: str | None) -> None:
        stream = _stream_of(document)
        if stream is None:
            return
        url, parameters = stream
        headers = {"X-Twilio-Signature": sign(self._settings.auth_token, url, {})}
        try:
            async with connect(url, additional_headers=headers, compression=None, max_queue=2000, proxy=None) as socket:
                ids = {"account": self._settings.account_sid, "call": self._sid, "stream": "MZ" + secrets.token_hex(16)}
                self._stream = Stream(socket, ids, parameters, Tempo(self._settings.pace), self._heard, self._waited)
                self._stream.idles_with(self._voices.idle)
                self._spawn(self._answer())
                self._spawn(self._limit())
                if self._persona.backchannels:
                    self._spawn(self._listen_aloud(self._persona.backchannels))
                await self._stream.run()
        except (OSError, InvalidHandshake, WebSocketException) as error:
            log.warning("media stream refused or lost: %s", type(error).__name__)

    async def _answer(self) -> None:
        """A person says nothing at first; a mailbox greets, and the carrier tells what it thinks."""
        line = self._persona.line
        if line.greeting:
            await self._say(Reaction(words=line.greeting, wait_seconds=0.3), transcript=line.result != "voicemail")
        if self._patient.interrupts("identity"):
            self._spawn(self._interrupt())
        await self._tempo.sleep(MACHINE_SECONDS)
        answered_by = "machine_start" if line.result == "voicemail" else line.answered_by
        self._callbacks.answered_by(self._store.change(self._sid, answered_by=answered_by), answered_by)
        if line.result == "voicemail":
            await self._tempo.sleep(AFTER_BEEP_SECONDS)
            self.hang_up()

    async def _interrupt(self) -> None:
        while self._stream is not None and not self._stream.bot_speaking and not self._stream.over.is_set():
            await self._tempo.sleep(0.1)
        await self._tempo.sleep(INTERRUPT_AFTER_SECONDS)
        reaction = self._patient.hear("identity#0")
        if reaction is not None:
            await self._react(reaction)

    async def _listen_aloud(self, words: tuple[str, ...]) -> None:
        """Says 嗯 or the like into every prompt that is long enough, as people do who listen."""
        for number in itertools.count():
            if not await self._bot_speaks(BACKCHANNEL_AFTER_SECONDS):
                return
            await self._say(Reaction(words=words[number % len(words)], wait_seconds=0.0))
            while self._stream is not None and self._stream.bot_speaking:
                await self._tempo.sleep(0.1)

    async def _bot_speaks(self, seconds: float) -> bool:
        """Waits until the bot has spoken for so long; False when the call is over before."""
        spoken = 0.0
        while self._stream is not None and not self._stream.over.is_set():
            spoken = spoken + 0.1 if self._stream.bot_speaking else 0.0
            if spoken >= seconds:
                return True
            await self._tempo.sleep(0.1)
        return False

    async def _limit(self) -> None:
        await self._tempo.sleep(self._call.time_limit_seconds)
        self.hang_up()

    def _heard(self, mark: str) -> None:
        self._store.change(self._sid, marks_heard=self._call.marks_heard + 1)
        if self._persona.line.result == "voicemail":
            return
        reaction = self._patient.hear(mark)
        if reaction is not None:
            if reaction.words:
                self._store.note_said(self._sid, mark, reaction.words)
            self._spawn(self._react(reaction))

    def _waited(self, seconds: float) -> None:
        self._store.note_gap(self._sid, round(self._tempo.real(seconds) * 1000))

    async def _react(self, reaction: Reaction) -> None:
        await self._tempo.sleep(reaction.wait_seconds)
        if self._stream is None or self._stream.over.is_set():
            return
        for key in reaction.keys:
            pressed = {"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": key}}
            self._stream.say(tones(key), pressed)
        if reaction.words:
            await self._say(reaction.model_copy(update={"wait_seconds": 0.0}))
        if reaction.hang_up:
            while self._stream.waiting_to_say:
                await self._tempo.sleep(0.1)
            self.hang_up()

    async def _say(self, reaction: Reaction, *, transcript: bool = True) -> None:
        await self._tempo.sleep(reaction.wait_seconds)
        loop = asyncio.get_running_loop()
        frames = await loop.run_in_executor(
            self._voices.workers, self._voices.speech, reaction.words, self._persona.manner, self._call.to
        )
        if self._stream is not None:
            told = transcript and self._settings.transcripts
            self._stream.say(frames, *_words(reaction) if told else (None, None))

    async def _finish(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._call.status not in FINAL:
            self._callbacks.status(self._over("completed"), "completed")
        await self._callbacks.finished()

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), self._tempo.real(seconds))

    def _change(self, status: str) -> SimCall:
        return self._store.change(self._sid, status=status)

    def _over(self, status: str) -> SimCall:
        answered = self._call.answered_at
        lasted = datetime.now(UTC) - datetime.fromisoformat(answered) if answered else None
        seconds = int(lasted.total_seconds() * self._settings.pace) if lasted else 0
        return self._store.change(self._sid, status=status, ended_at=now(), duration_seconds=seconds)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _words(reaction: Reaction) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a recogniser hears: the words as they begin, and for certain once they are said."""
    said = {"text": reaction.words, "confidence": reaction.confidence}
    event = "simulator.transcript"
    return {"event": event, "transcript": said | {"final": True}}, {
        "event": event,
        "transcript": said | {"final": False},
    }


def _stream_of(document: str | None) -> tuple[str, dict[str, str]] | None:
    """The socket's URL and parameters in a document; None if it connects to none."""
    try:
        root: Element = fromstring(document or "<Response/>")  # noqa: S314 - our own side's document
    except ParseError:
        log.warning("document is not XML")
        return None
    stream = root.find("./Connect/Stream")
    if stream is None or not stream.get("url"):
        return None
    parameters = {item.get("name", ""): item.get("value", "") for item in stream.findall("Parameter")}
    return str(stream.get("url")), parameters


def dialled_number(document: str) -> str | None:
    """The number to which a document connects the patient; None if to none."""
    try:
        root: Element = fromstring(document)  # noqa: S314 - our own side's document
    except ParseError:
        return None
    number = root.find("./Dial/Number")
    return None if number is None else number.text
