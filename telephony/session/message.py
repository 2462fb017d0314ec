"""A message being left: everything is recorded until a key, a long pause, the limit, or the caller hangs up."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from telephony.session.conversation import Heard, LeftMessage
from telephony.session.recorder import Recorder
from telephony.session.turn import PAUSE_SECONDS, Ended, GoingAway, Interruption, Turn, Unclear
from telephony.session.turn import new_id as message_id
from telephony.session.wire import Key, Mark, Partial, Transcript

FIRST_WORD_SECONDS = 8.0
QUIET_SECONDS = 5.0
DONE = "#"


@dataclass
class MessageTurn(Turn):
    """What is heard after the beep. Times are call seconds.

    Attributes:
        longest_seconds: Of the message.
        began_at: When the beep was over; None before.
        hung_up: The caller ended the call.
    """

    longest_seconds: float = 90.0
    began_at: float | None = None
    hung_up: bool = False
    _words: list[str] = field(default_factory=list, repr=False)
    _last_sound: float = 0.0
    _spoke: bool = False
    _ended_at: float = 0.0
    _confidence: float = 1.0

    def take(self, item: object | None, now: float, *, speaking: bool) -> bool:
        """Takes an event, or None when the deadline has come; the prompt is never broken off."""
        if self.began_at is None:
            self._before(item, now)
        elif item is None:
            self._overdue_message(now, speaking=speaking)
        else:
            self._during(item, now)
        return False

    def message(self, *, saved: bool) -> Heard:
        """What was left, once the turn is done."""
        seconds = self._ended_at - self.began_at if self.began_at is not None else 0.0
        message = LeftMessage(round(max(seconds, 0.0), 1), self._spoke, saved, self.hung_up)
        heard = self.heard or Heard(message_id=message_id(), source=self.source)
        return replace(heard, text="，".join(self._words), event=None, left=message)

    def _before(self, item: object | None, now: float) -> None:
        match item:
            case Ended():
                self.done = True
            case GoingAway():
                super().take(item, now, speaking=False)
            case Mark(name) if name == self.mark:
                self._begin(now)
            case None:
                self._begin(now)  # the mark is lost: the prompt must be over by now

    def _begin(self, now: float) -> None:
        self.began_at, self._last_sound, self.heard_whole = now, now, True
        self.deadline = now + FIRST_WORD_SECONDS

    def _during(self, item: object, now: float) -> None:
        match item:
            case Ended():
                self.hung_up = True
                self._end(now)
            case GoingAway():
                self._ended_at = now
                super().take(item, now, speaking=False)
            case Key(digit) if digit == DONE:
                self._end(now)
            case Transcript(text, confidence):
                self._confidence = min(self._confidence, confidence)
                self._words.append(text)
                self._sound(now)
            case Partial() | Interruption() | Unclear():
                self._sound(now)

    def _sound(self, now: float) -> None:
        self._spoke, self._last_sound = True, now
        self.deadline = self._until(now)

    def _overdue_message(self, now: float, *, speaking: bool) -> None:
        if self.began_at is None or now - self.began_at >= self.longest_seconds:
            self._end(now)
        elif speaking:
            self._spoke, self._last_sound = True, now
            self.deadline = min(now + PAUSE_SECONDS, self.began_at + self.longest_seconds)
        else:
            self._end(now)

    def _until(self, now: float) -> float:
        return min(now + QUIET_SECONDS, (self.began_at or now) + self.longest_seconds)

    def _end(self, now: float) -> None:
        self._ended_at = now
        self.finish(Heard(message_id=message_id(), confidence=self._confidence, source=self.source))


def left(turn: MessageTurn, recorder: Recorder, note: Callable[[str, dict[str, Any]], None]) -> Heard | None:
    """The message of a turn, brought to the disk and noted with its place in the recording; None where none came."""
    if turn.began_at is None or turn.heard is None or turn.going_away:
        return turn.heard
    heard = turn.message(saved=recorder.flush())
    if heard.left is not None:
        begun_ms = max(0, recorder.at_ms - int(heard.left.seconds * 1000))
        found = {"begun_ms": begun_ms, "seconds": heard.left.seconds, "spoke": heard.left.spoke}
        note("message.left", found | {"saved": heard.left.saved})
    return heard
