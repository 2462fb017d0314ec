"""What a live call needs of the conversation behind it; a port, so that calls are tested without one."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from telephony.calls.schemas import ConversationSpec
from telephony.speech.grammars import Expected

CONFIRMING = ("对吗？", "可以吗？")
CALLBACK_WORDS = "什么时候再打"
RELATIVE_WORDS = "家人吗"
YES_NO_PLACES = ("identity", "ask_who", "confirm:", "call:offer")
HeardEvent = Literal["silence", "interrupted", "resumed", "unwritten"]


@dataclass(frozen=True)
class LeftMessage:
    """A message that a caller left, or began to.

    Attributes:
        seconds: From the beep to its end.
        spoke: Something was heard.
        saved: It is on the disk.
        hung_up: The caller ended the call with it.
    """

    seconds: float
    spoke: bool
    saved: bool
    hung_up: bool = False


@dataclass(frozen=True)
class Heard:
    """One turn of the patient: words, keys, or an event.

    Attributes:
        event: Nothing came, a prompt was broken off, a person gave the call back (`resumed`), or words were said that
            only the recording has (`unwritten`).
        amends: The message whose answer the patient went on with: the words hold those of that message too and take its
            place.
    """

    message_id: str
    text: str | None = field(default=None, repr=False)
    key: str | None = None
    event: HeardEvent | None = None
    confidence: float = 1.0
    source: str = "none"
    left: LeftMessage | None = None
    amends: str | None = None


@dataclass(frozen=True)
class Spoken:
    """What the bot says next.

    Attributes:
        segments: Pieces to synthesise one by one; fixed ones are cached.
        place: Where the dialogue stands, for the mark's name: `item:<link_id>/<type>`, `identity`, `closing`, `other`.
        expects: What may come back.
        key_hint: Keys that answer by themselves; empty when a number ended by # is awaited.
        actions: Kind and data, to be done after it was said.
        expected: The answer that the open question waits for, for the recogniser; None where there is no question.
        records_seconds: After a beep a message is recorded, so long at most; 0 for none.
    """

    segments: tuple[str, ...] = field(repr=False)
    place: str = "other"
    expects: Literal["speech", "keys", "either", "none"] = "either"
    key_hint: tuple[str, ...] = ()
    actions: tuple[tuple[str, dict[str, Any]], ...] = ()
    expected: Expected | None = None
    records_seconds: int = 0

    @property
    def last(self) -> bool:
        """Whether the call ends after this."""
        return any(kind in {"hangup", "transfer"} for kind, _ in self.actions)


@dataclass(frozen=True)
class Outcome:
    """What the dialogue came to, if it came to anything."""

    disposition: str | None = None
    completed: bool = False
    callback_at: datetime | None = None
    response_id: UUID | None = None
    note_code: str | None = None


def heard_place(spoken: Spoken) -> str:
    """The place as a listener would tell it: a confirmation or a question for a time is not the question itself."""
    text = "".join(spoken.segments)
    if spoken.place.startswith("closing"):
        return spoken.place
    if text.endswith(CONFIRMING):
        return f"confirm:{spoken.place.removeprefix('item:')}"
    if CALLBACK_WORDS in text:
        return "callback_time"
    return "ask_who" if RELATIVE_WORDS in text else spoken.place


def awaits_yes_or_no(place: str) -> bool:
    """Whether 嗯 or 好的 answers what is asked at a place or its mark; elsewhere it only says that one listens."""
    bare = place.rsplit("#", 1)[0]
    return bare.startswith(YES_NO_PLACES) or bare.endswith("/boolean")


class Conversations(Protocol):
    """Blocking; called from worker threads."""

    def open(self, spec: ConversationSpec) -> Spoken:
        """The first words."""
        ...

    def respond(self, spec: ConversationSpec, heard: Heard) -> Spoken:
        """What to say to what was heard."""
        ...

    def likely(self, spec: ConversationSpec, heard: Heard) -> tuple[str, ...]:
        """What would probably be said to what was heard, in pieces; nothing is kept, nothing happens."""
        ...

    def outcome(self, spec: ConversationSpec) -> Outcome:
        """What it came to so far."""
        ...

    def said(self, spec: ConversationSpec, text: str, kind: str) -> None:
        """Keeps words that the call itself said: `voicemail`, `sorry`, `time_up`, `going_away`; once each."""
        ...
