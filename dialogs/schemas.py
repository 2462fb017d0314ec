"""What goes in and out of a dialogue, and the state that lasts between turns."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from core_api.responses.schemas import AnswerIn, Source

TRIAL = "trial"
"""The purpose of a conversation in which staff try a script: nothing of it is about a patient."""

Expects = Literal["speech", "keys", "either", "none"]
ActionKind = Literal[
    "hangup",
    "transfer",
    "call_back",
    "do_not_call",
    "open_case",
    "deceased",
    "wrong_number",
    "speak_slower",
    "speak_louder",
    "set_disposition",
]
Event = Literal["silence", "interrupted", "resumed", "unwritten", "engine_failed"]
Phase = Literal["greeting", "identity", "script", "closing", "ended"]
Awaiting = Literal["identity", "relative", "callback_time", "callback_confirm", "item", "confirm"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Action(Frozen):
    """Something for the channel to do."""

    kind: ActionKind
    data: dict[str, str | float | int | bool | None] = Field(default_factory=dict)


class QuickReply(Frozen):
    """Words that the patient can send with one touch; `choice` names what they stand for."""

    label: str
    text: str
    choice: str | None = None

    @property
    def is_question(self) -> bool:
        """Whether it is one of the questions that may have been meant."""
        return self.choice not in {None, "identify"}


class Link(Frozen):
    """Where more can be read."""

    title: str
    url: str


class Picture(Frozen):
    """A picture of an answer, with its words."""

    url: str
    alt: str


class AnswerRef(Frozen):
    """The curated answer that a reply gives; `given_id` pins it to its revision and takes the patient's rating."""

    given_id: UUID | None = None
    entry_id: UUID | None = None
    question: str = ""
    answer_class: str = "service"
    links: tuple[Link, ...] = ()
    pictures: tuple[Picture, ...] = ()


class Reply(Frozen):
    """What the bot says; `segments` joined are `text`, each a fixed piece where it can be."""

    text: str
    segments: tuple[str, ...] = ()
    expects: Expects = "either"
    item_link_id: str | None = None
    key_hint: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    understanding: dict[str, object] | None = None
    quick_replies: tuple[QuickReply, ...] = ()
    answer: AnswerRef | None = None
    place: str = ""
    """Where a call to us stands, for the recogniser and for figures."""
    records_seconds: int = 0
    """What comes back is recorded as a message, so long at most."""

    @property
    def ends(self) -> bool:
        """Whether the call ends after this is said."""
        return any(action.kind == "hangup" for action in self.actions)


class StartDialogue(Frozen):
    """A conversation about to begin."""

    conversation_id: UUID
    purpose: str
    patient_id: UUID | None = None
    task_id: UUID | None = None
    response_id: UUID | None = None
    questionnaire_key: str | None = None
    questionnaire_version: int | None = None
    hospital_name: str
    department: str = ""
    salutation: str = ""
    full_name: str = ""
    channel: str = "voice"
    elder: bool = False
    context: dict[str, str] = Field(default_factory=dict)
    """Values for the names in braces that the questionnaire's texts hold."""
    callback_window: tuple[str, str] | None = None
    """When calls are made, as HH:MM in the hospital's zone: only such a time is promised."""
    people_there: bool = True
    """Whether somebody can take the call over now."""


class ServiceAnswer(Frozen):
    """What the knowledge base says to a service question, in its spoken form.

    Attributes:
        text: The answer; empty where there is none.
        choices: Questions of which one may have been meant.
        advice: A clinician has to answer.
    """

    text: str = ""
    choices: tuple[str, ...] = ()
    advice: bool = False


class Recorded(Frozen):
    """A message that a caller left, or began to.

    Attributes:
        spoke: Something was said.
        saved: It is on the disk.
        hung_up: The caller ended the call with it.
    """

    seconds: float
    spoke: bool
    saved: bool
    hung_up: bool = False


class Turn(Frozen):
    """What the patient did: said something, pressed keys, or let time pass."""

    conversation_id: UUID
    turn_id: str
    text: str | None = None
    key: str | None = None
    event: Event | None = None
    confidence: float = 1.0
    choice: str | None = None
    attachment: Literal["picture", "voice"] | None = None
    recorded: Recorded | None = None
    amends: str | None = None
    """The turn whose words are repeated and gone on with: it counts no more."""


class DialogueOutcome(Frozen):
    """What came of a conversation so far."""

    disposition: str
    callback_at: datetime | None
    completed: bool
    response_id: UUID | None
    note_code: str | None


class Heard(Frozen):
    """A turn as understood by an engine."""

    text: str | None = None
    key: str | None = None
    event: Event | None = None
    intent: str = "nlu_fallback"
    intent_confidence: float = 0.0
    confidence: float = 1.0


class Pending(Frozen):
    """A reading that waits for the patient's confirmation."""

    link_id: str
    value: bool | int | float | date | tuple[str, ...] | str
    words: str
    confidence: float
    source: Source = "speech"
    doubtful: bool = False
    """Out of the usual range: kept for recheck even when confirmed."""


class DialogueState(Frozen):
    """Where a conversation stands; `tried` holds the answers of one without a response, which stay here."""

    start: StartDialogue
    tried: tuple[AnswerIn, ...] = ()
    phase: Phase = "greeting"
    awaiting: Awaiting = "identity"
    item_link_id: str | None = None
    previous_link_id: str | None = None
    pending: Pending | None = None
    repairs: int = 0
    confirmations: int = 0
    silences: int = 0
    engine_failures: int = 0
    heard_turns: int = 0
    digits: str = ""
    pace: float = 1.0
    said: tuple[str, ...] = ()
    last_text: str = ""
    callback_at: datetime | None = None
    wanted_disposition: str | None = None
    disposition: str | None = None
    note_code: str | None = None
    completed: bool = False
    last_turn_id: str | None = None
    last_reply: Reply | None = None
    before: "Before | None" = None
    version: int = 0


class Before(Frozen):
    """What a turn was decided upon, for a patient who goes on with the same words.

    Attributes:
        turn_id: The turn.
        state: Where the conversation stood.
        link_ids: Items whose answers the turn wrote down.
    """

    turn_id: str
    state: DialogueState
    link_ids: tuple[str, ...] = ()


Texts = Mapping[str, str]
