"""Answers that people gave and that may become entries."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime, new_id


class Candidate(Base):
    """A question and the answer that somebody gave; both sealed, personal data taken out."""

    __tablename__ = "knowledge_candidates"
    __table_args__ = (
        UniqueConstraint("source_kind", "source_id", name="uq_knowledge_candidates_source"),
        Index("ix_knowledge_candidates_status", "status", "id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    question_sealed: Mapped[str] = mapped_column(Text)
    answer_sealed: Mapped[str] = mapped_column(Text)
    source_kind: Mapped[str] = mapped_column(String(16))
    source_id: Mapped[UUID | None] = mapped_column(Uuid)
    author_id: Mapped[UUID | None] = mapped_column(Uuid)
    status: Mapped[str] = mapped_column(String(16))
    entry_id: Mapped[UUID | None] = mapped_column(Uuid)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
