"""The `Answers` port over a dictionary; it keeps what was asked."""

from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from dialogs.api import AnswerRef
from dialogs.enquiries.schemas import Choice, Enquiry, Found

SPACE = new_id()


def entry_id_of(question: str) -> UUID:
    return uuid5(SPACE, question)


class FakeAnswers:
    """Questions that are entries word for word; one that holds an entry's subject offers it as a choice."""

    def __init__(self, entries: dict[str, str] | None = None, advice: frozenset[str] = frozenset()) -> None:
        self.entries = entries or {}
        self.advice = advice
        self.asked: list[Enquiry] = []
        self.unanswered_ids: list[str] = []
        self.broken = False
        self.ratings: list[tuple[UUID, bool]] = []

    def ask(self, enquiry: Enquiry) -> Found:
        if self.broken:
            raise OSError("the index is missing")
        self.asked.append(enquiry)
        if enquiry.text in self.advice:
            return Found(refer="clinician")
        if enquiry.text in self.entries:
            return self._answer(enquiry.text)
        near = [question for question in self.entries if question[:2] == enquiry.text[:2]]
        return Found(choices=tuple(Choice(entry_id=entry_id_of(one), question=one) for one in near[:3]))

    def choose(self, enquiry: Enquiry, entry_id: UUID) -> Found:
        self.asked.append(enquiry)
        found = [question for question in self.entries if entry_id_of(question) == entry_id]
        return self._answer(found[0]) if found else Found()

    def unanswered(self, enquiry: Enquiry) -> None:
        self.unanswered_ids.append(enquiry.message_id)

    def rate(self, session: Session, given_id: UUID, useful: bool, word: str | None, clock: Clock) -> None:
        self.ratings.append((given_id, useful))

    def _answer(self, question: str) -> Found:
        answer = AnswerRef(given_id=new_id(), entry_id=entry_id_of(question), question=question)
        return Found(text=self.entries[question], topic=question, answer=answer)
