"""What was asked, what was answered with which revision, and what was not."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Boolean, Float, Index, Integer, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime, new_id


class Asked(Base):
    """One question, once per channel and message; an answered one is pinned to the revision that was given."""

    __tablename__ = "knowledge_asked"
    __table_args__ = (
        UniqueConstraint("channel", "message_id", name="uq_knowledge_asked_channel_message"),
        Index("ix_knowledge_asked_entry", "entry_id", "revision", "id"),
        Index("ix_knowledge_asked_group", "group_id", "id"),
        Index("ix_knowledge_asked_voter", "revision_id", "voter"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    channel: Mapped[str] = mapped_column(String(16))
    message_id: Mapped[str] = mapped_column(String(80))
    conversation_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    patient_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    text_sealed: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(8))
    refer: Mapped[str | None] = mapped_column(String(16))
    choices: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    entry_id: Mapped[UUID | None] = mapped_column(Uuid)
    revision_id: Mapped[UUID | None] = mapped_column(Uuid)
    revision: Mapped[int | None] = mapped_column(Integer)
    score: Mapped[float | None] = mapped_column(Float)
    group_id: Mapped[UUID | None] = mapped_column(Uuid)
    useful: Mapped[bool | None] = mapped_column(Boolean)
    word_sealed: Mapped[str | None] = mapped_column(Text)
    rated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    voter: Mapped[str | None] = mapped_column(String(64))


class UnansweredGroup(Base):
    """Questions that mean the same and had no answer; `text_sealed` is one of them without personal data."""

    __tablename__ = "knowledge_unanswered"
    __table_args__ = (
        Index("ix_knowledge_unanswered_count", "status", "count", "id"),
        Index("ix_knowledge_unanswered_last", "status", "last_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    text_sealed: Mapped[str] = mapped_column(Text)
    count: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(200), default="")
    entry_id: Mapped[UUID | None] = mapped_column(Uuid)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
