"""Private notes of staff."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime


class NoteRow(Base):
    """A note on a conversation or a case; never shown to patients, sealed."""

    __tablename__ = "desk_notes"
    __table_args__ = (Index("ix_desk_notes_conversation", "conversation_id", "id"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    conversation_id: Mapped[UUID | None] = mapped_column(Uuid)
    case_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    author_id: Mapped[UUID] = mapped_column(Uuid)
    text_sealed: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
