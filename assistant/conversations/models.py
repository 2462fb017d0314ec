"""Conversations and their messages."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Integer, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime, exact, new_id


class ConversationRow(Base):
    """A conversation on one channel; owned by the bot while `owner_id` is empty.

    Every change of owner raises `epoch`. `last_seq` numbers the messages; whoever numbers one holds the row, so that
    the messages of a conversation are written one after another.
    """

    __tablename__ = "conversations"
    __table_args__ = (Index("ix_conversations_status", "status", "last_message_at"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    channel: Mapped[str] = mapped_column(String(16))
    patient_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    subject: Mapped[str] = mapped_column(String(64))
    department: Mapped[str | None] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(12), default="pending")
    owner_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    epoch: Mapped[int] = mapped_column(Integer, default=0)
    last_seq: Mapped[int] = mapped_column(Integer, default=0)
    last_message_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    waiting_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_reply_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    snoozed_until: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MessageRow(Base):
    """A message; `text` is sealed. `dedupe_key` is the channel's id of an inbound one, `reply:<id>` of its reply.

    `answer_due_at` is set while the bot owes an answer: a process that died between message and answer leaves it, and
    another one answers.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "dedupe_key", name="uq_messages_conversation_id_dedupe_key"),
        Index("ix_messages_conversation_id_id", "conversation_id", "id"),
        Index("ix_messages_conversation_id_seq", "conversation_id", "seq", unique=True),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id"))
    seq: Mapped[int] = mapped_column(Integer)
    dedupe_key: Mapped[str] = mapped_column(exact(80))
    sender: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(16), default="text")
    author_id: Mapped[UUID | None] = mapped_column(Uuid)
    reply_to_id: Mapped[UUID | None] = mapped_column(Uuid)
    file_id: Mapped[UUID | None] = mapped_column(Uuid)
    text: Mapped[str] = mapped_column(Text)
    key: Mapped[str | None] = mapped_column(String(32))
    source: Mapped[str | None] = mapped_column(String(32))
    confidence: Mapped[int | None] = mapped_column(Integer)
    latency_ms: Mapped[int | None] = mapped_column(Integer)
    understanding: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    reply: Mapped[str | None] = mapped_column(Text)
    useful: Mapped[bool | None] = mapped_column(Boolean)
    answer_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
