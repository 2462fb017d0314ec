"""The rota."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Boolean, Date, Index, Integer, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime


class ShiftRow(Base):
    """A recurring or dated span of duty, or of absence; minutes since midnight in the hospital's zone."""

    __tablename__ = "desk_shifts"
    __table_args__ = (Index("ix_desk_shifts_queue", "queue_id", "kind"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    queue_id: Mapped[UUID | None] = mapped_column(Uuid)
    user_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    kind: Mapped[str] = mapped_column(String(8))
    weekday: Mapped[int | None] = mapped_column(Integer)
    on_day: Mapped[date | None] = mapped_column(Date)
    start_minute: Mapped[int] = mapped_column(Integer)
    end_minute: Mapped[int] = mapped_column(Integer)
    on_holidays: Mapped[bool] = mapped_column(Boolean)
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
