"""What people answer is collected for those who write the knowledge base; nothing of it goes live by itself."""

import re
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.conversations import service as conversations
from assistant.conversations.schemas import MessageView
from assistant.desk.cases import service as cases
from core_api.kit.clock import Clock
from core_api.kit.errors import Conflict
from core_api.kit.outbox import Event
from knowledge import api as knowledge

LOOKED_BACK = 20
QUESTION_CHARS = range(4, 301)
ANSWER_CHARS = range(12, 2_001)
ASKS = re.compile(
    r"[?？]|[吗么呢嘛]$|怎么|如何|多少|多久|多长|什么|哪|几[点天号次岁楼个]|能不能|可不可以|可以|要不要|是不是|是否"
    r"|有没有|为什么|会不会"
)
CALLED = frozenset({"handoff", "unanswered"})
"""Kinds of case whose note answers what somebody asked in a call."""


def question_of(said: Sequence[MessageView]) -> str | None:
    """What a person's reply answers: the last question among the patient's words since a person last spoke."""
    found = None
    for line in said:
        if line.sender == "staff":
            found = None
        elif line.sender == "patient" and line.kind == "text" and _asks(line.text):
            found = line.text.strip()
    return found


def on_message(session: Session, event: Event, clock: Clock) -> None:
    """A person answered a question in a conversation."""
    if event.data["sender"] == "staff":
        message_id = UUID(str(event.data["message_id"]))
        found = _reply(session, UUID(str(event.data["conversation_id"])), message_id)
        if found is not None and _tells(found[0].answer):
            knowledge.collect(session, *found, clock)


def propose(session: Session, conversation_id: UUID, message_id: UUID, user_id: UUID, clock: Clock) -> UUID:
    """Somebody proposes a reply themselves; the same reply again is the same candidate.

    Raises:
        NotFound: There is no such message.
        Conflict: It is no reply to a question.
    """
    found = _reply(session, conversation_id, message_id)
    if found is None:
        raise Conflict("这条回复前面没有患者的提问，无法收进知识库", code="no_question")
    return knowledge.propose(session, found[0], user_id, clock)


def from_case(session: Session, case_id: UUID, note: str, user_id: UUID, clock: Clock) -> None:
    """The note that ends a call's case answers what was asked in the call."""
    case = cases.case(session, case_id)
    if case.call_id is None or case.conversation_id is None or case.kind not in CALLED or not _tells(note):
        return
    asked = question_of(conversations.page(session, case.conversation_id, limit=conversations.PAGE))
    if asked is not None:
        new = knowledge.CandidateIn(question=asked, answer=note.strip(), source_kind="call", source_id=case_id)
        knowledge.collect(session, new, user_id, clock)


def _reply(
    session: Session, conversation_id: UUID, message_id: UUID
) -> tuple[knowledge.CandidateIn, UUID | None] | None:
    """A person's reply with the question before it, and who wrote it."""
    reply = conversations.message(session, conversation_id, message_id)
    if reply.sender != "staff" or reply.kind != "text":
        return None
    said = conversations.page(session, conversation_id, before=reply.seq, limit=LOOKED_BACK)
    asked = question_of(said)
    if asked is None:
        return None
    new = knowledge.CandidateIn(question=asked, answer=reply.text.strip(), source_kind="desk", source_id=message_id)
    return new, reply.author_id


def _asks(text: str) -> bool:
    plain = text.strip()
    return len(plain) in QUESTION_CHARS and ASKS.search(plain) is not None


def _tells(text: str) -> bool:
    """Whether it says something, and does not only ask back."""
    plain = text.strip()
    return len(plain) in ANSWER_CHARS and not plain.endswith(("?", "？", "吗", "呢"))
