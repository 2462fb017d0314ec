"""What patients thought of a conversation with people."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Integer, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime


class SatisfactionRow(Base):
    """One question; unanswered while `score` is empty. The patient's word is sealed."""

    __tablename__ = "desk_satisfaction"
    __table_args__ = (Index("ix_desk_satisfaction_conversation", "conversation_id", "id"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(Uuid)
    owner_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    score: Mapped[int | None] = mapped_column(Integer)
    word_sealed: Mapped[str | None] = mapped_column(Text)
    rated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
