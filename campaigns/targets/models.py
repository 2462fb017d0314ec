"""Targets."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime


class CampaignTarget(Base):
    """One task in one campaign; `version` is compared and swapped where rows cannot be locked."""

    __tablename__ = "campaign_targets"
    __table_args__ = (
        UniqueConstraint("campaign_id", "task_id"),
        Index("ix_campaign_targets_due", "campaign_id", "state", "next_attempt_at", "id"),
        Index("ix_campaign_targets_promised", "campaign_id", "callback_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaigns.id"))
    patient_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    task_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(120))
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)
    callback_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_disposition: Mapped[str | None] = mapped_column(String(32))
    attempts_made: Mapped[int] = mapped_column(Integer, default=0)
    no_answer_count: Mapped[int] = mapped_column(Integer, default=0)
    unfinished_count: Mapped[int] = mapped_column(Integer, default=0)
    callback_count: Mapped[int] = mapped_column(Integer, default=0)
    version: Mapped[int] = mapped_column(Integer, default=0)
