"""Attempts, and the keys that keep two live calls from one patient or one phone."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime


class Attempt(Base):
    """One try; its id is the call's id and the idempotency key that the carrier is given."""

    __tablename__ = "attempts"
    __table_args__ = (
        UniqueConstraint("target_id", "number"),
        Index("ix_attempts_lease", "state", "lease_until"),
        Index("ix_attempts_campaign_state", "campaign_id", "state"),
        Index("ix_attempts_campaign_day", "campaign_id", "dialled_on"),
        Index("ix_attempts_patient_day", "patient_id", "dialled_on"),
        Index("ix_attempts_campaign_ended", "campaign_id", "ended_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaigns.id"))
    target_id: Mapped[UUID] = mapped_column(ForeignKey("campaign_targets.id"))
    patient_id: Mapped[UUID] = mapped_column(Uuid)
    number: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(16))
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime] = mapped_column(UtcDateTime)
    dialled_on: Mapped[date | None] = mapped_column(Date)
    dialling_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    carrier_sid: Mapped[str | None] = mapped_column(String(64))
    conversation_id: Mapped[UUID | None] = mapped_column(Uuid)
    response_id: Mapped[UUID | None] = mapped_column(Uuid)
    disposition: Mapped[str | None] = mapped_column(String(32))
    reached: Mapped[bool] = mapped_column(Boolean, default=False)
    duration_seconds: Mapped[int | None] = mapped_column(Integer)


class LiveCall(Base):
    """Held from `dialling` to the outcome: "patient:ID" and "phone:BLIND INDEX" are unique over all campaigns.

    The call is an attempt's, or one that somebody dials by hand.
    """

    __tablename__ = "live_calls"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    call_id: Mapped[UUID] = mapped_column(Uuid, index=True)


class DispatchGate(Base):
    """One row that dispatchers update first, so that limits over all of them are counted by one at a time."""

    __tablename__ = "dispatch_gates"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
