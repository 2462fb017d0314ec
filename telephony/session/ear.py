"""Hears one call: cuts the patient's side into utterances, has them recognised beside the event loop, tells of it."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from telephony.audio.pcm import FRAME_SECONDS, RATE_HZ
from telephony.session.echo import EchoGuard
from telephony.session.listening import SURE, UNSURE
from telephony.session.turn import Interruption, Unclear
from telephony.session.utterance import Patience, UtteranceCutter
from telephony.session.voice_activity import VoiceActivity
from telephony.session.wire import Partial, Transcript
from telephony.speech.choosing import Recognition
from telephony.speech.grammars import COMMAND, DICTATION, Expected, grammar
from telephony.speech.recognition import Grammar, Recognised, RecognitionUnavailable, Stream

log = logging.getLogger(__name__)

CHUNK_BYTES = 1600  # 100 ms: fewer hops between threads


@dataclass(frozen=True)
class Job:
    """Work on the stream of an utterance, in order: open, feed, tell of an interruption, close, or leave."""

    kind: str
    pcm: bytes = b""
    grammar: Grammar | None = None
    said_at: float = 0.0
    span_ms: tuple[int, int] | None = None


class Hearer:
    """The recogniser's side of an utterance; blocking, one thread at a time."""

    def __init__(self, recognition: Recognition | None, *, answers_unheard: bool) -> None:
        self._recognition = recognition
        self._answers_unheard = answers_unheard
        self._stream: Stream | None = None
        self._partial = ""
        self._grammar: Grammar | None = None
        self.fault: str | None = None
        """Why nothing more is recognised in this call."""

    def work(self, jobs: list[Job]) -> list[object]:
        """Events of some jobs."""
        events: list[object] = []
        pending = bytearray()
        for job in jobs:
            if job.kind == "sound":
                pending += job.pcm
                continue
            self._feed(bytes(pending), events)
            pending.clear()
            self._one(job, events)
        self._feed(bytes(pending), events)
        return events

    @property
    def whole(self) -> bool:
        """Whether the words so far are a whole answer."""
        return bool(self._partial) and self._grammar is not None and self._grammar.whole(self._partial)

    def _one(self, job: Job, events: list[object]) -> None:
        match job.kind:
            case "began":
                self._open(job)
                self._feed(job.pcm, events)
            case "interrupts":
                events.append(Interruption())
            case "over":
                events += self._close(job)
            case "leave":
                self._stream, self._partial = None, ""

    def _open(self, job: Job) -> None:
        self._stream, self._partial = None, ""
        if self._recognition is None or self.fault is not None:
            return
        self._grammar = job.grammar
        try:
            self._stream = self._recognition.recogniser.start(job.grammar)
        except RecognitionUnavailable as error:
            self._fail(error)

    def _feed(self, pcm: bytes, events: list[object]) -> None:
        if not pcm or self._stream is None:
            return
        try:
            partial = self._stream.feed(pcm)
        except RecognitionUnavailable as error:
            self._fail(error)
            return
        if partial and partial != self._partial:
            self._partial = partial
            events.append(Partial(partial))

    def _close(self, job: Job) -> list[object]:
        stream, self._stream, self._partial = self._stream, None, ""
        if stream is None:
            return [Unclear(job.said_at, job.span_ms)] if self._answers_unheard else []
        try:
            event = event_of(stream.finish(), job.said_at, job.span_ms)
        except RecognitionUnavailable as error:
            self._fail(error)
            event = Unclear(job.said_at, job.span_ms)
        return [event] if event is not None else []

    def _fail(self, error: RecognitionUnavailable) -> None:
        self._stream, self.fault = None, error.code
        log.error("recognition failed in a call: it goes on with keys", extra={"code": error.code})


def event_of(heard: Recognised, said_at: float, span_ms: tuple[int, int] | None = None) -> Transcript | Unclear | None:
    """What the turn is told; None for a sound without speech."""
    if heard.kind != "speech":
        return None
    if not heard.text:
        return Unclear(said_at, span_ms)
    confidence = max(heard.confidence, SURE) if heard.accepted else min(heard.confidence, UNSURE)
    return Transcript(heard.text, confidence, said_at, span_ms)


def grammar_of(recognition: Recognition | None, expected: Expected) -> Grammar | None:
    """What a question's answer is heard by; None for free words, where the recogniser has them or they are wanted."""
    if recognition is None or expected.kind == DICTATION or (expected.kind == COMMAND and recognition.dictates):
        return None
    return grammar(expected, recognition.accept_at)


class Ear:
    """Takes frames on the event loop, which costs a fraction of a millisecond, and leaves the rest to threads.

    Args:
        activity: Finds speech in a frame.
        hearer: Recognises.
        recognition: Whose threads are used; None works inline, for there is nothing to wait for.
        tell: Takes events.
        now: Call seconds.
    """

    def __init__(
        self,
        activity: VoiceActivity,
        hearer: Hearer,
        recognition: Recognition | None,
        tell: Callable[[object], None],
        now: Callable[[], float],
    ) -> None:
        self._activity = activity
        self._hearer = hearer
        self._workers = recognition.workers if recognition else None
        self._tell = tell
        self._now = now
        self._cutter = UtteranceCutter()
        self._grammar: Grammar | None = None
        self._jobs: list[Job] = []
        self._waiting_bytes = 0
        self._working = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.echo = EchoGuard()
        self.echoes = 0
        self._frames = 0
        self._from_ms = 0
        self._span_ms: tuple[int, int] | None = None

    @property
    def speaking(self) -> bool:
        """Whether the patient speaks, or has spoken and it is still being recognised."""
        return self._cutter.speaking or self._working or bool(self._jobs)

    @property
    def fault(self) -> str | None:
        """Why nothing more is recognised in this call."""
        return self._hearer.fault

    def take_span(self) -> tuple[int, int] | None:
        """Where in the recording the last utterance lies, or the one under way; told once, in milliseconds."""
        span, self._span_ms = self._span_ms, None
        return (self._from_ms, self._at_ms) if self._cutter.speaking else span

    @property
    def _at_ms(self) -> int:
        return round(self._frames * FRAME_SECONDS * 1000)

    def expect(self, grammar: Grammar | None, patience: Patience) -> None:
        """What the next prompt waits for; what was being said before answers no new question."""
        if self._cutter.speaking:
            self._cutter.drop()
            self._put(Job("leave"))
        self._grammar = grammar
        self._cutter.patience = patience

    def take(self, pcm: bytes) -> None:
        """Takes 20 ms of the patient's side."""
        self._frames += 1
        self.echo.heard(pcm)
        for cut in self._cutter.take(pcm, voiced=self._activity.take(pcm)):
            match cut.kind:
                case "sound":
                    self._put(Job("sound", cut.pcm))
                case "began":
                    self._from_ms = max(0, self._at_ms - len(cut.pcm) * 1000 // (2 * RATE_HZ))
                    self._put(Job("began", cut.pcm, self._grammar))
                case "interrupts" if self.echo.is_echo(self._now()):
                    self.echoes += 1
                    self._cutter.drop()
                    self._put(Job("leave"))
                    return
                case "interrupts":
                    self._put(Job("interrupts"))
                case "over":
                    self._span_ms = self._from_ms, max(self._from_ms, self._at_ms - round(cut.quiet_seconds * 1000))
                    self._put(Job("over", said_at=self._now() - cut.quiet_seconds, span_ms=self._span_ms))

    def _put(self, job: Job) -> None:
        self._jobs.append(job)
        self._waiting_bytes += len(job.pcm)
        if job.kind == "sound" and self._waiting_bytes < CHUNK_BYTES:
            return
        if self._workers is None:
            self._done(self._hearer.work(self._taken()))
        elif not self._working:
            self._working = True
            task = asyncio.get_running_loop().create_task(self._run())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._jobs:
                self._done(await loop.run_in_executor(self._workers, self._hearer.work, self._taken()))
        finally:
            self._working = False

    def _taken(self) -> list[Job]:
        jobs, self._jobs, self._waiting_bytes = self._jobs, [], 0
        return jobs

    def _done(self, events: list[object]) -> None:
        self._cutter.whole = self._cutter.speaking and self._hearer.whole
        for event in events:
            self._tell(event)
