"""One turn of listening as a small state machine, apart from the clock and the socket."""

from dataclasses import dataclass, field
from uuid import uuid4

from telephony.session.conversation import Heard
from telephony.session.listening import UNSURE, KeyCollector, is_backchannel
from telephony.session.wire import Key, Mark, Partial, Transcript

FALSE_INTERRUPTION_SECONDS = 2.0
PAUSE_SECONDS = 0.6
MOST_RESUMPTIONS = 2


@dataclass(frozen=True)
class Ended:
    """The patient hung up, or the line is gone."""


@dataclass(frozen=True)
class Machine:
    """The carrier says that a machine answered."""


@dataclass(frozen=True)
class GoingAway:
    """This process is about to end: the call is to be closed politely and goes on another time."""


@dataclass(frozen=True)
class Interruption:
    """The patient began to speak."""


@dataclass(frozen=True)
class Unclear:
    """The patient said something in which no awaited word was heard.

    Attributes:
        said_at: Call second of its last sound.
        span_ms: From where to where in the recording it was said.
    """

    said_at: float | None = None
    span_ms: tuple[int, int] | None = None


@dataclass(frozen=True)
class Unwritten:
    """The patient answered freely, which the recogniser's vocabulary cannot write down: only the recording has it.

    Attributes:
        said_at: Call second of its last sound.
        span_ms: From where to where in the recording it was said.
        pause_seconds: The silence that ended it.
        continues: It goes on with the answer before.
    """

    said_at: float
    span_ms: tuple[int, int] | None = None
    pause_seconds: float = 0.0
    continues: bool = False


@dataclass(frozen=True)
class NothingMore:
    """Who seemed to go on with an answer said nothing more."""


@dataclass
class Turn:
    """What is heard while and after one prompt is said. Times are call seconds.

    Attributes:
        listens: False while the last words are said: then only their end counts.
        deadline: When `take(None)` is due.
        heard: The turn's result; None while `done` is False, and when the call ended.
        heard_whole: The prompt was played to its end.
        going_away: It was broken off because this process ends.
        resumes: The bot fell silent for nothing: the rest of the prompt is to be said.
        said_at: Call second of the last sound of the answer.
        span_ms: From where to where in the recording the answer was said.
        follows: The message id of the answer before, which the patient may go on with.
        pause_seconds: The silence that ended the answer.
        minds_backchannels: 嗯 and 好的 said into the prompt are an answer; else they neither answer nor interrupt.
    """

    mark: str
    keys: KeyCollector
    silence_seconds: float
    interdigit_seconds: float
    listens: bool
    source: str
    minds_backchannels: bool = True
    follows: str | None = None
    pause_seconds: float = 0.0
    deadline: float = 0.0
    done: bool = False
    heard: Heard | None = None
    heard_whole: bool = False
    machine: bool = False
    going_away: bool = False
    resumes: bool = False
    said_at: float | None = None
    span_ms: tuple[int, int] | None = None
    _resumptions: int = field(default=0)
    _interrupted: bool = field(default=False)
    _listening_noise: bool = field(default=False)
    _speech_held: bool = field(default=False)

    def take(self, item: object | None, now: float, *, speaking: bool) -> bool:
        """Takes an event, or None when the deadline has come.

        Returns:
            Whether the bot is to fall silent.
        """
        match item:
            case None:
                self._overdue(now, speaking=speaking)
            case Ended():
                self.done = True
            case Machine():
                self.machine = True
                self.finish(Heard(message_id=new_id(), event="silence"))
            case GoingAway() if self.listens:
                self.going_away = True
                self.finish(Heard(message_id=new_id(), event="interrupted"))
            case Mark(name) if name == self.mark:
                self._played(now)
            case Transcript(continues=True) | Unwritten(continues=True) if self.follows is not None:
                return self._went_on(item, self.follows)
            case _ if self.listens:
                return self._patient(item, now)
        return False

    def finish(self, heard: Heard) -> None:
        """Ends the turn with what was heard."""
        self.heard, self.done = heard, True

    @property
    def _silent_now(self) -> bool:
        return self.heard_whole or self._interrupted

    def _patient(self, item: object, now: float) -> bool:
        cut = not self._silent_now
        match item:
            case Transcript():
                if not self._answered(item, speaking_over=cut):
                    return False
            case Key(digit):
                self._press(digit, now)
            case Partial(text):
                return self._partial(text, now, cut=cut)
            case Unclear() | NothingMore() | Unwritten():
                self._in_vain(item, now)
                return False
            case Interruption():
                if cut and self._listening_noise:
                    self._speech_held = True
                    return False
                self._cut_in(now)
            case _:
                return False
        self._interrupted = self._interrupted or cut
        return cut

    def _partial(self, text: str, now: float, *, cut: bool) -> bool:
        """What is heard so far decides whether the voice on the line interrupts."""
        if self.minds_backchannels:
            return False
        if is_backchannel(text):
            self._listening_noise = self._listening_noise or cut
            return False
        held, self._listening_noise, self._speech_held = self._speech_held, False, False
        if held and cut:
            self._cut_in(now)
        return held and cut

    def _answered(self, said: Transcript, *, speaking_over: bool) -> bool:
        """Takes words as the answer, unless they only show listening, or are a cough or another room."""
        hardly = speaking_over and said.confidence <= UNSURE
        if self._passed_over(said.text, speaking_over=speaking_over) or hardly:
            return False
        self._take_answer(said)
        return True

    def _went_on(self, said: Transcript | Unwritten, follows: str) -> bool:
        """The answer before is meant, also while the last words are said."""
        cut = not self._silent_now
        self._take_answer(said, amends=follows)
        self._interrupted = self._interrupted or cut
        return cut

    def _take_answer(self, said: Transcript | Unwritten, amends: str | None = None) -> None:
        self.said_at, self.span_ms, self.pause_seconds = said.said_at, said.span_ms, said.pause_seconds
        self.finish(heard_of(said, self.source, amends))

    def _passed_over(self, text: str, *, speaking_over: bool) -> bool:
        """Whether words are a backchannel that began while the bot spoke; forgotten then."""
        noise = not self.minds_backchannels and is_backchannel(text) and (speaking_over or self._listening_noise)
        self._listening_noise = self._speech_held = False
        return noise

    def _in_vain(self, said: Unclear | NothingMore | Unwritten, now: float) -> None:
        """Into the prompt it was somebody else or a noise; after it the patient is told that it was not understood."""
        self._listening_noise = self._speech_held = False
        if self.heard_whole and isinstance(said, Unwritten):
            self._take_answer(said)
        elif self.heard_whole and isinstance(said, Unclear):
            self.said_at, self.span_ms = said.said_at, said.span_ms
            self.finish(Heard(message_id=new_id(), text="", confidence=0.0, source=self.source))
        elif self._interrupted and not self.heard_whole:
            self._resume(now)

    def resumed(self, mark: str, deadline: float) -> None:
        """The rest of the prompt is being said, with a mark of its own."""
        self.mark, self.deadline, self.resumes = mark, deadline, False

    def _resume(self, now: float) -> None:
        self._resumptions += 1
        if self._resumptions > MOST_RESUMPTIONS:
            self.finish(Heard(message_id=new_id(), event="silence"))
            return
        self._interrupted, self.resumes = False, True
        self.deadline = now + FALSE_INTERRUPTION_SECONDS

    def _cut_in(self, now: float) -> None:
        self._interrupted = True
        self.deadline = now + FALSE_INTERRUPTION_SECONDS

    def _press(self, digit: str, now: float) -> None:
        answer = self.keys.press(digit)
        self.deadline = now + self.interdigit_seconds
        if answer is not None:
            self.finish(Heard(message_id=new_id(), key=answer, source="keys"))

    def _played(self, now: float) -> None:
        if self._silent_now:
            return  # marks come back after a clear as well: they were not heard
        self.heard_whole = True
        if self.listens:
            self.deadline = now + self.silence_seconds
        else:
            self.finish(Heard(message_id=new_id(), event="silence"))

    def _overdue(self, now: float, *, speaking: bool) -> None:
        keys = self.keys.take()
        if keys is not None:
            self.finish(Heard(message_id=new_id(), key=keys, source="keys"))
        elif speaking:
            self.deadline = now + PAUSE_SECONDS
        elif not self._silent_now and self.listens:
            self.heard_whole = True  # the mark is lost: the prompt must be over by now
            self.deadline = now + self.silence_seconds
        elif self._interrupted and not self.heard_whole:
            self._resume(now)
        else:
            self.finish(Heard(message_id=new_id(), event="silence"))


def heard_of(said: Transcript | Unwritten, source: str, amends: str | None = None) -> Heard:
    """What the dialogue is told of an answer."""
    if isinstance(said, Unwritten):
        return Heard(new_id(), event="unwritten", source=source, amends=amends)
    return Heard(new_id(), said.text, confidence=said.confidence, source=source, amends=amends)


def new_id() -> str:
    """A message's id."""
    return uuid4().hex
