"""What an enquiry is made of, and what lasts of it between messages."""

from datetime import date
from typing import Literal, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from dialogs.hotline.schemas import CallStanding, Confirmed, Proof
from dialogs.schemas import AnswerRef, Frozen, Reply, Turn

FactKind = Literal["event", "next_visit", "arrears"]


class Choice(Frozen):
    """An entry that may be meant."""

    entry_id: UUID
    question: str


class Enquiry(Frozen):
    """A question as it is put to the knowledge base; the same message id is one question."""

    text: str
    channel: str
    message_id: str
    conversation_id: UUID
    patient_id: UUID | None = None


class Found(Frozen):
    """What the knowledge base has to a question; `refer` says who else is to answer."""

    text: str | None = None
    topic: str = ""
    answer: AnswerRef | None = None
    choices: tuple[Choice, ...] = ()
    refer: Literal["clinician", "staff"] | None = None

    @property
    def found(self) -> bool:
        """Whether the knowledge base has anything to it."""
        return self.answer is not None or bool(self.choices) or self.refer is not None


class Answers(Protocol):
    """The knowledge base as enquiries use it."""

    def ask(self, enquiry: Enquiry) -> Found:
        """Finds an answer and notes what was asked."""
        ...

    def choose(self, enquiry: Enquiry, entry_id: UUID) -> Found:
        """The answer of an entry that the patient picked."""
        ...

    def unanswered(self, enquiry: Enquiry) -> None:
        """Keeps a question that was asked in vain for those who write answers; by its channel and message id."""
        ...

    def rate(self, session: Session, given_id: UUID, useful: bool, word: str | None, clock: Clock) -> None:
        """Keeps what the patient thought of an answer."""
        ...


class OwnFact(Frozen):
    """A fact of the patient's own record that a question asks for."""

    kind: FactKind
    event_kinds: tuple[str, ...] = ()


class OwnEvent(Frozen):
    """An event of the patient's treatment."""

    title: str
    occurred_on: date


class OwnVisit(Frozen):
    """The next follow-up."""

    title: str
    due_on: date


class OwnArrears(Frozen):
    """What is to be paid for frozen storage; money in fen."""

    arrears_fen: int
    due_on: date | None


class OwnRecord(Protocol):
    """The patient's own record as enquiries read it."""

    def events(self, patient_id: UUID, kinds: tuple[str, ...]) -> tuple[OwnEvent, ...]:
        """The patient's events of some kinds, the latest first."""
        ...

    def next_visit(self, patient_id: UUID) -> OwnVisit | None:
        """The next open follow-up."""
        ...

    def arrears(self, patient_id: UUID) -> OwnArrears | None:
        """What is owed; None without a storage contract."""
        ...

    def confirm(self, candidates: tuple[UUID, ...], proof: Proof) -> Confirmed | None:
        """The one of some patients whose record has a second fact."""
        ...


class DueFollowUp(Frozen):
    """A follow-up that the patient has not done."""

    title: str
    due_on: date | None = None


class FollowUps(Protocol):
    """Follow-ups that are due, as calls to us offer them."""

    def due(self, patient_id: UUID) -> DueFollowUp | None:
        """The one that may be asked now."""
        ...

    def begin(self, turn: Turn, patient_id: UUID, *, people_there: bool) -> Reply | None:
        """Begins it in the turn's conversation, which it takes over; None where it cannot be asked any more."""
        ...


class EnquiryState(Frozen):
    """Where an enquiry stands: what it was about last, how often nothing was found in a row; of a call more."""

    topic: str = ""
    entry_id: UUID | None = None
    misses: int = 0
    call: CallStanding | None = None
    version: int = -1
    """-1: nothing is kept yet."""


class Asker(Frozen):
    """Who asks, as far as it is known, and where."""

    channel: str
    patient_id: UUID | None = None
    waiting: bool = False
    """A person is asked for already."""
    hospital_name: str = ""
    people_there: bool = False
    """Somebody takes a call that is transferred now."""
