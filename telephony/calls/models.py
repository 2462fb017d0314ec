"""Calls, what happened in them, and their recordings."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime, new_id


class CallRow(Base):
    """One call. Number and conversation (it names the patient) are sealed; `phone_index` finds a number's calls.

    A call to us has no patient until the caller has said who they are. `dialled_by_id` dialled it by hand and speaks
    with the patient from the start.
    """

    __tablename__ = "calls"
    __table_args__ = (
        Index("ix_calls_campaign_id", "campaign_id", "id"),
        Index("ix_calls_patient_id", "patient_id", "id"),
        Index("ix_calls_ended_at", "ended_at"),
        Index("ix_calls_phone_index", "phone_index", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    patient_id: Mapped[UUID | None] = mapped_column(Uuid)
    campaign_id: Mapped[UUID | None] = mapped_column(Uuid)
    idempotency_key: Mapped[str] = mapped_column(String(80), unique=True)
    conversation_id: Mapped[UUID | None] = mapped_column(Uuid)
    response_id: Mapped[UUID | None] = mapped_column(Uuid)
    carrier: Mapped[str] = mapped_column(String(20))
    direction: Mapped[str] = mapped_column(String(10), default="outbound")
    dialled_by_id: Mapped[UUID | None] = mapped_column(Uuid)
    caller_id: Mapped[str | None] = mapped_column(String(20))
    carrier_sid: Mapped[str | None] = mapped_column(String(64), index=True)
    phone_sealed: Mapped[str] = mapped_column(Text)
    phone_index: Mapped[str] = mapped_column(String(64))
    conversation_sealed: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20), default="placing")
    carrier_status: Mapped[str | None] = mapped_column(String(20))
    answered_by: Mapped[str | None] = mapped_column(String(30))
    disposition: Mapped[str | None] = mapped_column(String(30))
    transcript_source: Mapped[str] = mapped_column(String(20), default="none")
    ring_timeout_seconds: Mapped[int] = mapped_column(Integer)
    max_seconds: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    media_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    media_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    held_at: Mapped[str | None] = mapped_column(String(200))
    carrier_ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    duration_seconds: Mapped[int | None] = mapped_column(Integer)
    turns: Mapped[int] = mapped_column(Integer, default=0)
    late_frames: Mapped[int] = mapped_column(Integer, default=0)
    bad_frames: Mapped[int] = mapped_column(Integer, default=0)


class CallEventRow(Base):
    """Something that happened in a call, once: a repeated callback has the same key. No personal data in `data`."""

    __tablename__ = "call_events"
    __table_args__ = (
        UniqueConstraint("call_id", "dedupe_key", name="uq_call_events_key"),
        Index("ix_call_events_call", "call_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    call_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("calls.id"))
    dedupe_key: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class RecordingRow(Base):
    """The audio of both sides as one file: patient left, bot right. `kind` says how long it is kept.

    A recording on hold is kept until somebody releases it; why is sealed.
    """

    __tablename__ = "recordings"
    __table_args__ = (Index("ix_recordings_kept", "state", "created_at", "call_id"),)

    call_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("calls.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    file_name: Mapped[str | None] = mapped_column(String(120))
    format: Mapped[str | None] = mapped_column(String(10))
    duration_ms: Mapped[int] = mapped_column(Integer, default=0)
    size_bytes: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    waveform_sealed: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str | None] = mapped_column(String(64))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    held_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    held_by_id: Mapped[UUID | None] = mapped_column(Uuid)
    hold_reason_sealed: Mapped[str | None] = mapped_column(Text)


class QualityRow(Base):
    """How a call went technically; no personal data."""

    __tablename__ = "call_quality"
    __table_args__ = (Index("ix_call_quality_grade", "grade", "call_id"),)

    call_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("calls.id"), primary_key=True)
    grade: Mapped[str] = mapped_column(String(8))
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    measured_at: Mapped[datetime] = mapped_column(UtcDateTime)
