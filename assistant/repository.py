"""Queries on conversations and messages; texts are sealed here and nowhere else."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from assistant.models import ConversationRow, MessageRow
from assistant.schemas import ConversationView, MessageView, Sender
from core_api.kit.crypto import seal, unseal
from core_api.kit.db import new_id

TEXT = "messages.text"
REPLY = "messages.reply"


@dataclass(frozen=True)
class NewMessage:
    """A message about to be kept; `reply` is the JSON of a bot's reply."""

    conversation_id: UUID
    dedupe_key: str
    sender: Sender
    text: str
    at: datetime
    key: str | None = None
    source: str | None = None
    latency_ms: int | None = None
    understanding: dict[str, object] | None = None
    reply: str | None = None


def add_conversation(session: Session, row: ConversationRow) -> None:
    session.add(row)
    session.flush()


def conversation(session: Session, conversation_id: UUID, *, lock: bool = False) -> ConversationView | None:
    """A conversation; `lock` holds its row until the transaction ends."""
    query = select(ConversationRow).where(ConversationRow.id == conversation_id)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        return None
    return ConversationView(
        id=row.id,
        channel=row.channel,
        patient_id=row.patient_id,
        subject=row.subject,
        owner_id=row.owner_id,
        epoch=row.epoch,
    )


def set_owner(session: Session, conversation_id: UUID, owner_id: UUID | None) -> None:
    """Changes the owner and raises the epoch in one statement."""
    row = ConversationRow
    session.execute(
        update(row)
        .where(row.id == conversation_id)
        .values(owner_id=owner_id, epoch=row.epoch + 1)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def add_message(session: Session, message: NewMessage) -> UUID:
    """Keeps a message."""
    message_id = new_id()
    row = MessageRow(
        id=message_id,
        conversation_id=message.conversation_id,
        dedupe_key=message.dedupe_key,
        sender=message.sender,
        text=seal(session, TEXT, message_id, message.text),
        key=message.key,
        source=message.source,
        latency_ms=message.latency_ms,
        understanding=message.understanding,
        reply=seal(session, REPLY, message_id, message.reply),
        at=message.at,
    )
    session.add(row)
    session.flush()
    return message_id


def has_message(session: Session, conversation_id: UUID, dedupe_key: str) -> bool:
    return _by_key(session, conversation_id, dedupe_key) is not None


def kept_reply(session: Session, conversation_id: UUID, dedupe_key: str) -> str | None:
    """The JSON of a reply that was kept."""
    row = _by_key(session, conversation_id, dedupe_key)
    return None if row is None else unseal(session, REPLY, row.id, row.reply)


def _by_key(session: Session, conversation_id: UUID, dedupe_key: str) -> MessageRow | None:
    row = MessageRow
    return session.scalar(select(row).where(row.conversation_id == conversation_id, row.dedupe_key == dedupe_key))


def messages(session: Session, conversation_id: UUID) -> list[MessageView]:
    """All messages of a conversation in order."""
    rows = session.scalars(
        select(MessageRow).where(MessageRow.conversation_id == conversation_id).order_by(MessageRow.id)
    )
    return [_view(session, row) for row in rows]


def _view(session: Session, row: MessageRow) -> MessageView:
    sender: Sender = "bot" if row.sender == "bot" else "staff" if row.sender == "staff" else "patient"
    return MessageView(
        id=row.id,
        sender=sender,
        text=unseal(session, TEXT, row.id, row.text) or "",
        at=row.at,
        key=row.key,
        source=row.source,
        latency_ms=row.latency_ms,
        understanding=row.understanding,
    )
