"""Entries, their revisions, and the version of what answers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, Integer, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, LongText, UtcDateTime, new_id

STATE_ID = 1


class KnowledgeState(Base):
    """One row: `version` rises, under this row's lock, with every change of what answers; `tuning` holds thresholds."""

    __tablename__ = "knowledge_state"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger, default=0)
    terms_version: Mapped[int] = mapped_column(BigInteger, default=0)
    tuning: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Entry(Base):
    """One answer. What lists show is copied from the published revision, or from the newest before there is one."""

    __tablename__ = "knowledge_entries"
    __table_args__ = (
        Index("ix_knowledge_entries_updated", "updated_at", "id"),
        Index("ix_knowledge_entries_status", "status", "valid_until"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    status: Mapped[str] = mapped_column(String(16))
    open_status: Mapped[str | None] = mapped_column(String(16), index=True)
    published_id: Mapped[UUID | None] = mapped_column(Uuid)
    published_number: Mapped[int | None] = mapped_column(Integer)
    newest_number: Mapped[int] = mapped_column(Integer)
    question: Mapped[str] = mapped_column(String(300))
    variants_count: Mapped[int] = mapped_column(Integer)
    department: Mapped[str] = mapped_column(String(64), index=True)
    answer_class: Mapped[str] = mapped_column(String(16))
    valid_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    warned_for: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_sample: Mapped[bool] = mapped_column(Boolean, default=False)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    owner_id: Mapped[UUID | None] = mapped_column(Uuid)
    owner_name: Mapped[str | None] = mapped_column(String(120))
    useful_count: Mapped[int] = mapped_column(Integer, default=0)
    useless_count: Mapped[int] = mapped_column(Integer, default=0)
    index_version: Mapped[int] = mapped_column(BigInteger, default=0, index=True)
    version: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Revision(Base):
    """One wording of an entry; from publication on its content never changes, answers given point to it."""

    __tablename__ = "knowledge_revisions"
    __table_args__ = (UniqueConstraint("entry_id", "number", name="uq_knowledge_revisions_entry_number"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("knowledge_entries.id"))
    number: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(16))
    question: Mapped[str] = mapped_column(String(300))
    variants: Mapped[list[str]] = mapped_column(JSON)
    text_chat: Mapped[str] = mapped_column(LongText)
    text_voice: Mapped[str] = mapped_column(Text)
    links: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    pictures: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    department: Mapped[str] = mapped_column(String(64))
    audience: Mapped[list[str]] = mapped_column(JSON)
    answer_class: Mapped[str] = mapped_column(String(16))
    valid_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    valid_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    author_id: Mapped[UUID | None] = mapped_column(Uuid)
    author_name: Mapped[str] = mapped_column(String(120))
    change_note: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved: Mapped[bool] = mapped_column(Boolean, default=False)
    reviewer_id: Mapped[UUID | None] = mapped_column(Uuid)
    reviewer_name: Mapped[str | None] = mapped_column(String(120))
    review_note: Mapped[str] = mapped_column(String(500), default="")
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    publish_reason: Mapped[str] = mapped_column(String(500), default="")
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
