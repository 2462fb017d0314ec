"""The `Answers` port over the knowledge base."""

from uuid import UUID

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.db import Sessions
from dialogs.enquiries.schemas import Choice, Enquiry, Found
from dialogs.lookup import CHANNELS
from dialogs.schemas import AnswerRef, Link, Picture
from knowledge import api as knowledge
from knowledge.api import Asked, Finding


class KnowledgeAnswers:
    """Finds approved answers; each given one is pinned to its revision."""

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self._sessions, self._clock = sessions, clock

    def ask(self, enquiry: Enquiry) -> Found:
        """Finds an answer and notes what was asked."""
        return _found(knowledge.ask(self._sessions, _asked(enquiry), self._clock), enquiry.channel)

    def choose(self, enquiry: Enquiry, entry_id: UUID) -> Found:
        """The answer of an entry that the patient picked."""
        return _found(knowledge.choose(self._sessions, _asked(enquiry), entry_id, self._clock), enquiry.channel)

    def unanswered(self, enquiry: Enquiry) -> None:
        """Puts a question into the bank of unanswered ones."""
        asked = _asked(enquiry)
        with self._sessions.begin() as session:
            knowledge.note_unanswered(session, asked.channel, asked.message_id, self._clock)

    def rate(self, session: Session, given_id: UUID, useful: bool, word: str | None, clock: Clock) -> None:
        """Keeps what the patient thought of an answer."""
        knowledge.rate(session, given_id, useful, word, clock)


def _asked(enquiry: Enquiry) -> Asked:
    return Asked(
        text=enquiry.text,
        channel=CHANNELS.get(enquiry.channel, "web"),
        message_id=enquiry.message_id,
        conversation_id=enquiry.conversation_id,
        patient_id=enquiry.patient_id,
        banked=False,
    )


def _found(finding: Finding, channel: str) -> Found:
    answer = finding.answer
    if finding.kind == "answer" and answer is not None:
        ref = AnswerRef(
            given_id=finding.given_id,
            entry_id=answer.entry_id,
            question=answer.question,
            answer_class=answer.answer_class,
            links=tuple(Link(title=one.title, url=one.url) for one in answer.links),
            pictures=tuple(Picture(url=one.url, alt=one.title) for one in answer.pictures),
        )
        text = answer.text_voice if channel == "voice" else answer.text_chat
        return Found(text=text, topic=answer.question, answer=ref)
    choices = tuple(Choice(entry_id=one.entry_id, question=one.question) for one in finding.choices)
    return Found(choices=choices, refer="clinician" if finding.refer == "clinician" else None)
