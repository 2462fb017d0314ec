"""Hears one call: cuts the patient's side into utterances, has them recognised beside the event loop, tells of it."""

import asyncio
from collections.abc import Callable

from telephony.audio.pcm import FRAME_SECONDS, RATE_HZ
from telephony.session.echo import EchoGuard
from telephony.session.hearer import Hearer, Job
from telephony.session.utterance import Cut, Patience, UtteranceCutter
from telephony.session.voice_activity import VoiceActivity
from telephony.session.wire import Transcript
from telephony.speech.choosing import Recognition
from telephony.speech.endings import grammar
from telephony.speech.grammars import COMMAND, DICTATION, Expected
from telephony.speech.recognition import Grammar

CHUNK_BYTES = 1600  # 100 ms: fewer hops between threads


def grammar_of(recognition: Recognition | None, expected: Expected) -> Grammar | None:
    """What a question's answer is heard by; None for free words, where the recogniser has them or they are wanted."""
    if recognition is None or expected.kind == DICTATION:
        return None
    if recognition.dictates and expected.kind in {COMMAND, "text"}:
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
        guess: Takes words that may be all of it, before the pause has ended them; nothing may come of them yet.
    """

    def __init__(
        self,
        activity: VoiceActivity,
        hearer: Hearer,
        recognition: Recognition | None,
        tell: Callable[[object], None],
        now: Callable[[], float],
        guess: Callable[[Transcript], None] = lambda _said: None,
    ) -> None:
        self._guess = guess
        self._activity = activity
        self._hearer = hearer
        self._workers = recognition.workers if recognition else None
        self._tell = tell
        self._now = now
        self._cutter = UtteranceCutter()
        self._grammar: Grammar | None = None
        self._last_grammar: Grammar | None = None
        self._next: tuple[Grammar | None, Patience] | None = None
        self._continues = False
        self._pauses = self._guessed = 0
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

    @property
    def goes_on(self) -> bool:
        """Whether the patient goes on with the utterance before, or it is still being recognised."""
        return self._continues and self.speaking

    def expect(self, grammar: Grammar | None, patience: Patience) -> None:
        """What the next prompt waits for; what was being said before answers no new question.

        Who goes on with the answer to the question before is heard to the end by that question's grammar.
        """
        if self._cutter.speaking and self._continues:
            self._next = grammar, patience
            return
        if self._cutter.speaking:
            self._cutter.drop()
            self._put(Job("leave"))
        self._turn_to(grammar, patience)

    def _turn_to(self, grammar: Grammar | None, patience: Patience) -> None:
        self._grammar, self._cutter.patience, self._next = grammar, patience, None

    def take(self, pcm: bytes) -> None:
        """Takes 20 ms of the patient's side."""
        self._frames += 1
        self.echo.heard(pcm)
        for cut in self._cutter.take(pcm, voiced=self._activity.take(pcm)):
            if not self._cut(cut):
                return

    def _cut(self, cut: Cut) -> bool:
        """Does what a frame came to; False where it was our own voice."""
        match cut.kind:
            case "sound":
                self._put(Job("sound", cut.pcm))
            case "began":
                self._began(cut)
            case "pauses":
                self._pauses += 1
                self._put(Job("pauses", number=self._pauses))
            case "goes_on":
                self._pauses += 1
                self._put(Job("goes_on"))
            case "interrupts" if self.echo.is_echo(self._now()):
                self.echoes += 1
                self._cutter.drop()
                self._over()
                self._put(Job("leave", continues=self._continues))
                return False
            case "interrupts":
                self._put(Job("interrupts"))
            case "over":
                self._span_ms = self._from_ms, max(self._from_ms, self._at_ms - round(cut.quiet_seconds * 1000))
                said_at = self._now() - cut.quiet_seconds
                self._put(Job("over", b"", None, said_at, cut.quiet_seconds, self._span_ms, 0, self._continues))
                self._over()
        return True

    def _began(self, cut: Cut) -> None:
        self._continues = cut.continues and self._hearer.hears and self._last_grammar is not None
        if not self._continues:
            self._from_ms = max(0, self._at_ms - len(cut.pcm) * 1000 // (2 * RATE_HZ))
            self._last_grammar = self._grammar
        self._put(Job("began", cut.pcm, self._grammar, continues=self._continues))

    def _over(self) -> None:
        """The next utterance answers the question that was asked meanwhile."""
        if self._next is not None:
            self._turn_to(*self._next)

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
        if self._cutter.speaking and self._hearer.tried_at == self._pauses > self._guessed:
            self._guessed = self._pauses
            self._cutter.so_far = self._hearer.so_far
            said = self._hearer.tried
            if said is not None:
                self._guess(said)
        for event in events:
            self._tell(event)
