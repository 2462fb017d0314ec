"""The recogniser's side of one call: utterances heard, tried at a pause, heard anew; blocking, for a thread."""

import logging
from dataclasses import dataclass, replace

import numpy as np

from telephony.audio.pcm import RATE_HZ
from telephony.session.listening import SURE, UNSURE, is_backchannel
from telephony.session.turn import Interruption, NothingMore, Unclear, Unwritten
from telephony.session.utterance import SoFar
from telephony.session.wire import Partial, Transcript
from telephony.speech.choosing import Recognition
from telephony.speech.grammars import unpadded
from telephony.speech.recognition import Grammar, Recognised, RecognitionUnavailable, Stream
from telephony.speech.sound import SoundMeter

log = logging.getLogger(__name__)

LONGEST_TRIED_BYTES = 6 * 2 * RATE_HZ
"""Of longer utterances the end is not tried out before it is certain: each attempt hears all of it."""
LEAST_GAP_SECONDS = 0.35


@dataclass(frozen=True)
class Job:
    """Work on the stream of an utterance, in order: open, feed, try the end, go on, tell, close, or leave."""

    kind: str
    pcm: bytes = b""
    grammar: Grammar | None = None
    said_at: float = 0.0
    pause_seconds: float = 0.0
    span_ms: tuple[int, int] | None = None
    number: int = 0
    continues: bool = False


class Hearer:
    """The recogniser's side of an utterance; blocking, one thread at a time.

    At a short pause the utterance is heard to its end, as if it were over. Does the patient go on, it is heard anew.
    """

    def __init__(self, recognition: Recognition | None, *, answers_unheard: bool) -> None:
        self._recognition = recognition
        self._answers_unheard = answers_unheard
        self._stream: Stream | None = None
        self._partial = ""
        self._grammar: Grammar | None = None
        self._sound = bytearray()
        self._tried: Recognised | None = None
        self._before = ""
        self._apart = False
        self._added: SoundMeter | None = None
        self.tried_at = 0
        """The number of the pause that was last tried."""
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
    def hears(self) -> bool:
        """Whether there is a recogniser that works."""
        return self._recognition is not None and self.fault is None

    @property
    def so_far(self) -> SoFar:
        """What was said up to the pause that was tried."""
        heard, grammar = self._tried, self._grammar
        if heard is None or grammar is None or not heard.whole:
            return "nothing"
        return "open" if grammar.goes_on(heard.text) else "closed"

    @property
    def tried(self) -> Transcript | None:
        """The words up to the pause that was tried."""
        event = event_of(self._tried, 0.0) if self._tried is not None else None
        return event if isinstance(event, Transcript) else None

    def _one(self, job: Job, events: list[object]) -> None:
        match job.kind:
            case "began":
                self._open(job)
                self._feed(job.pcm, events)
            case "pauses":
                self._try(job.number)
            case "goes_on":
                self._hear_anew(events)
            case "interrupts":
                events.append(Interruption())
            case "over":
                events += self._close(job)
            case "leave":
                self._leave()
                events += [NothingMore()] if job.continues else []

    def _open(self, job: Job) -> None:
        joined = job.continues and len(self._sound) <= LONGEST_TRIED_BYTES
        before = bytes(self._sound) if joined else b""
        self._leave()
        self._sound += before
        if not job.continues:
            self._before, self._grammar = "", job.grammar
        self._apart = job.continues and not joined
        self._added = SoundMeter() if job.continues else None
        self._start()
        if before:
            self._heard(before)

    def _start(self) -> None:
        if self._recognition is None or self.fault is not None:
            return
        try:
            self._stream = self._recognition.recogniser.start(self._grammar)
        except RecognitionUnavailable as error:
            self._fail(error)

    def _try(self, number: int) -> None:
        """Hears to the end what may be the whole of it; without a grammar nothing says that it is."""
        if self._stream is None or self._grammar is None or len(self._sound) > LONGEST_TRIED_BYTES:
            return
        stream, self._stream = self._stream, None
        try:
            self._tried, self.tried_at = stream.finish(), number
        except RecognitionUnavailable as error:
            self._fail(error)

    def _hear_anew(self, events: list[object]) -> None:
        if self._tried is None:
            return
        sound, self._sound, self._tried = bytes(self._sound), bytearray(), None
        added, self._added = self._added, None
        self._start()
        self._feed(sound, events)
        self._added = added

    def _feed(self, pcm: bytes, events: list[object]) -> None:
        if self._added is not None:
            self._added.feed(np.frombuffer(pcm, dtype=np.int16))
        if self._grammar is not None and len(self._sound) <= LONGEST_TRIED_BYTES:
            self._sound += pcm
        if not pcm or self._stream is None:
            return
        partial = self._heard(pcm)
        if partial and partial != self._partial:
            self._partial = partial
            events.append(Partial(partial))

    def _heard(self, pcm: bytes) -> str:
        try:
            return self._stream.feed(pcm) if self._stream is not None else ""
        except RecognitionUnavailable as error:
            self._fail(error)
            return ""

    def _close(self, job: Job) -> list[object]:
        stream, self._stream, self._partial = self._stream, None, ""
        heard, self._tried = self._tried, None
        if heard is None and stream is not None:
            try:
                heard = stream.finish()
            except RecognitionUnavailable as error:
                self._fail(error)
        if heard is None:
            return [Unclear(job.said_at, job.span_ms)] if self._answers_unheard else []
        return self._told(heard, job)

    def _told(self, heard: Recognised, job: Job) -> list[object]:
        before, self._before = self._before, heard.text or self._before
        if self._grammar is not None and self._grammar.free and heard.kind == "speech" and not heard.whole:
            return [Unwritten(job.said_at, job.span_ms, job.pause_seconds, job.continues)]
        if job.continues and is_nothing_more("" if self._apart else before, heard.text):
            if heard.foreign and self._added is not None and self._added.lively:
                # Words outside the grammar came behind the answer (没有……就是有点头晕): it is said back.
                unsure = Transcript(before, UNSURE, job.said_at, job.span_ms)
                return [replace(unsure, pause_seconds=job.pause_seconds, continues=True)]
            return [NothingMore()]
        event = event_of(heard, job.said_at, job.span_ms)
        if isinstance(event, Transcript):
            event = replace(event, pause_seconds=job.pause_seconds)
            if job.continues:
                said = with_pauses(heard, self._grammar)
                event = replace(event, text=f"{before}，{said}" if self._apart else said, continues=True)
        return [event] if event is not None else []

    def _leave(self) -> None:
        self._stream, self._partial, self._tried = None, "", None
        self._sound = bytearray()

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


def is_nothing_more(before: str, text: str) -> bool:
    """Whether words that were gone on with came to the same: a cough, another room, 嗯."""
    more = text.removeprefix(before) if text.startswith(before) else text
    return not more or is_backchannel(more) or unpadded(text) == unpadded(before)


def with_pauses(heard: Recognised, grammar: Grammar | None) -> str:
    """The words with a comma at each pause; a number's parts belong together."""
    if grammar is None or grammar.family in {"number", "date"}:
        return heard.text
    text, end = "", None
    for word in heard.words:
        text += "，" if end is not None and word.start_seconds - end >= LEAST_GAP_SECONDS else ""
        text, end = text + word.text, word.end_seconds
    return text
