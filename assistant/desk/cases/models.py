"""Cases: what a person must see to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime


class CaseRow(Base):
    """One matter for people; `reason_text` is a rule's own wording, what people write lies elsewhere, sealed.

    Deadlines are computed when it opens or moves to another queue; `warned_at` and `breached_at` say that it was told.
    """

    __tablename__ = "desk_cases"
    __table_args__ = (
        UniqueConstraint("source_kind", "source_id", "kind", name="uq_desk_cases_source"),
        Index("ix_desk_cases_open", "status", "rank", "opened_at"),
        Index("ix_desk_cases_conversation", "conversation_id", "status"),
        Index("ix_desk_cases_warn", "status", "warned_at", "warn_at"),
        Index("ix_desk_cases_due", "status", "breached_at", "due_at"),
        Index("ix_desk_cases_assignee", "assignee_id", "status"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    urgency: Mapped[str] = mapped_column(String(8))
    rank: Mapped[int] = mapped_column(Integer)
    department: Mapped[str] = mapped_column(String(64))
    queue_id: Mapped[UUID | None] = mapped_column(ForeignKey("desk_queues.id"), index=True)
    skill: Mapped[str | None] = mapped_column(String(32))
    reason_text: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(12))
    conversation_id: Mapped[UUID | None] = mapped_column(Uuid)
    patient_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    call_id: Mapped[UUID | None] = mapped_column(Uuid)
    alert_id: Mapped[UUID | None] = mapped_column(Uuid, unique=True)
    source_kind: Mapped[str] = mapped_column(String(32))
    source_id: Mapped[str] = mapped_column(String(80))
    assignee_id: Mapped[UUID | None] = mapped_column(Uuid)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    clock: Mapped[str] = mapped_column(String(8))
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    warn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    warned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    breached_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_by_id: Mapped[UUID | None] = mapped_column(Uuid)
    first_reply_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_by_id: Mapped[UUID | None] = mapped_column(Uuid)
    outcome: Mapped[str | None] = mapped_column(String(16))


class CaseFlagRow(Base):
    """A red flag that belongs to a case; the message holds the words."""

    __tablename__ = "desk_case_flags"
    __table_args__ = (
        UniqueConstraint("case_id", "message_id", "family", name="uq_desk_case_flags_message"),
        Index("ix_desk_case_flags_message", "message_id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("desk_cases.id", ondelete="CASCADE"))
    message_id: Mapped[UUID] = mapped_column(Uuid)
    family: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(40))
    rule_key: Mapped[str] = mapped_column(String(80))
    revision: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
