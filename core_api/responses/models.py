"""Responses, their answers (append-only) and rechecks."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime, new_id


class ResponseRow(Base):
    """One patient's filled copy; `open_key` keeps a task from having two unfinished ones.

    `source_key` is the blind index of the identifier under which another system sent it; `call_id` the latest call.
    """

    __tablename__ = "responses"
    __table_args__ = (
        Index("ix_responses_patient_id_started_at", "patient_id", "started_at"),
        Index("ix_responses_source_key", "source_key", unique=True),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    patient_id: Mapped[UUID] = mapped_column(Uuid)
    task_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    call_id: Mapped[UUID | None] = mapped_column(Uuid)
    open_key: Mapped[str | None] = mapped_column(String(110), unique=True)
    source_key: Mapped[str | None] = mapped_column(String(64))
    questionnaire_key: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer)
    channel: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AnswerRow(Base):
    """One revision of one answer; the highest counts, the others are its history."""

    __tablename__ = "answers"
    __table_args__ = (UniqueConstraint("response_id", "link_id", "revision", name="uq_answers_response_id_link_id"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    response_id: Mapped[UUID] = mapped_column(ForeignKey("responses.id", ondelete="CASCADE"))
    link_id: Mapped[str] = mapped_column(String(64))
    revision: Mapped[int] = mapped_column(Integer)
    value_sealed: Mapped[str | None] = mapped_column(Text)
    words_sealed: Mapped[str | None] = mapped_column(Text)
    confidence: Mapped[float] = mapped_column(Float)
    status: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(16))
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RecheckRow(Base):
    """An uncertain answer that staff must confirm; `rank` sorts by the alert it may hide."""

    __tablename__ = "rechecks"
    __table_args__ = (
        UniqueConstraint("response_id", "link_id", name="uq_rechecks_response_id_link_id"),
        Index("ix_rechecks_status_rank_id", "status", "rank", "id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    response_id: Mapped[UUID] = mapped_column(ForeignKey("responses.id", ondelete="CASCADE"))
    patient_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    call_id: Mapped[UUID | None] = mapped_column(Uuid)
    link_id: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(16))
    level: Mapped[str | None] = mapped_column(String(8))
    rank: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_by: Mapped[UUID | None] = mapped_column(Uuid)
    note_sealed: Mapped[str | None] = mapped_column(Text)
