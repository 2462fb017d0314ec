"""Campaigns."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import JSON, Boolean, Date, Integer, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime
from core_api.kit.outbox import JsonObject


class Campaign(Base):
    """A campaign; `planned_after` is how far planning has come, so that a crash costs one batch.

    A standing campaign is a rule: every day (`planned_on`) it takes up the tasks that have become due.
    """

    __tablename__ = "campaigns"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    status: Mapped[str] = mapped_column(String(16), index=True)
    filter: Mapped[JsonObject] = mapped_column(JSON)
    source: Mapped[JsonObject | None] = mapped_column(JSON)
    window_start: Mapped[str] = mapped_column(String(5))
    window_end: Mapped[str] = mapped_column(String(5))
    daily_cap: Mapped[int] = mapped_column(Integer)
    patient_daily_cap: Mapped[int] = mapped_column(Integer)
    max_concurrent: Mapped[int] = mapped_column(Integer)
    skip_holidays: Mapped[bool] = mapped_column(Boolean)
    standing: Mapped[bool] = mapped_column(Boolean)
    carrier: Mapped[str] = mapped_column(String(32))
    caller_id: Mapped[str | None] = mapped_column(String(32))
    created_by: Mapped[UUID | None] = mapped_column(Uuid)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    planned_on: Mapped[date | None] = mapped_column(Date)
    planned_after: Mapped[UUID | None] = mapped_column(Uuid)
    planned: Mapped[bool] = mapped_column(Boolean, default=False)
