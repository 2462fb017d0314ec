"""Conversations and messages as the patient sees them."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from assistant.channels.files import service as files
from assistant.channels.files.schemas import FileView
from assistant.channels.web.schemas import ChatConversation, ChatMessage, Identified, Visitor
from assistant.conversations import service as conversations
from assistant.conversations.schemas import DESK_ONLY, ConversationView, MessageView
from assistant.desk.satisfaction import service as satisfaction
from assistant.inbound.schemas import Accepted, Inbound
from core_api.kit.clock import Clock
from core_api.patients import service as patients
from dialogs.api import Reply

OWN = "web:"
STAFF = "工作人员"
SHOWN_OF_RECORD = 4


def conversation(session: Session, visitor: Visitor, clock: Clock) -> ChatConversation:
    """The visitor's conversation."""
    found = conversations.conversation(session, visitor.conversation_id)
    return of(session, visitor, found, clock)


def of(session: Session, visitor: Visitor, found: ConversationView, clock: Clock) -> ChatConversation:
    """A conversation that is read already; it knows of an identity that ended since the visitor was read."""
    known = visitor.identified(clock.now()) and visitor.patient_id == found.patient_id
    return ChatConversation(
        id=found.id,
        status=found.status,
        with_person=found.owner_id is not None,
        waiting_for_person=found.status == "open" and found.owner_id is None,
        last_seq=found.last_seq,
        identified=_identified(session, visitor) if known else None,
        satisfaction_asked=found.status == "resolved" and satisfaction.asked(session, found.id),
    )


def shown(kept: Sequence[MessageView]) -> list[MessageView]:
    """What the patient may see: all but lines for staff alone."""
    return [one for one in kept if one.source != DESK_ONLY]


def messages(session: Session, kept: Sequence[MessageView]) -> tuple[ChatMessage, ...]:
    """Messages with their files."""
    known = files.views(session, [one.file_id for one in kept if one.file_id])
    return tuple(message(one, known.get(one.file_id) if one.file_id else None) for one in kept)


def message(kept: MessageView, file: FileView | None = None) -> ChatMessage:
    """One message."""
    reply = Reply.model_validate_json(kept.reply) if kept.reply else None
    answer = reply.answer if reply else None
    return ChatMessage(
        id=kept.id,
        seq=kept.seq,
        sender=kept.sender,
        kind=kept.kind,
        text=kept.text,
        at=kept.at,
        automatic=kept.sender == "bot",
        client_id=kept.dedupe_key.removeprefix(OWN) if kept.sender == "patient" else None,
        reply_to=kept.reply_to_id,
        author=STAFF if kept.sender == "staff" else None,
        quick_replies=reply.quick_replies if reply else (),
        links=answer.links if answer else (),
        pictures=answer.pictures if answer else (),
        rateable=answer is not None,
        useful=kept.useful,
        file=file,
    )


def sent(came: Inbound, accepted: Accepted) -> ChatMessage:
    """A text that was just kept for the first time."""
    return ChatMessage(
        id=accepted.message_id,
        seq=accepted.seq,
        sender="patient",
        kind=came.kind,
        text=came.text or "",
        at=accepted.at,
        automatic=False,
        client_id=came.message_id.removeprefix(OWN),
    )


def _identified(session: Session, visitor: Visitor) -> Identified | None:
    if visitor.patient_id is None:
        return None
    view = patients.get(session, visitor.patient_id)
    number = view.record_number
    hidden = (
        "*" * max(0, len(number) - SHOWN_OF_RECORD) + number[-SHOWN_OF_RECORD:]
        if len(number) > SHOWN_OF_RECORD
        else "****"
    )
    return Identified(name=view.name, record_number=hidden)
