"""The alarm ladder: its steps, and who was told of which case when."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime


class LadderRow(Base):
    """One version of the ladder; the newest holds, cases keep the steps they began with."""

    __tablename__ = "desk_ladders"

    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    deadline_minutes: Mapped[int] = mapped_column(Integer)
    repeat_minutes: Mapped[int] = mapped_column(Integer)
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    changed_by_id: Mapped[UUID | None] = mapped_column(Uuid)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AlarmRow(Base):
    """One step of one case's ladder. What is due lies here, so that a restart loses no step."""

    __tablename__ = "desk_alarms"
    __table_args__ = (
        UniqueConstraint("case_id", "round", "ordinal", name="uq_desk_alarms_step"),
        Index("ix_desk_alarms_due", "told_at", "cancelled_at", "due_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("desk_cases.id", ondelete="CASCADE"))
    ordinal: Mapped[int] = mapped_column(Integer)
    round: Mapped[int] = mapped_column(Integer)
    who: Mapped[str] = mapped_column(String(16))
    label: Mapped[str] = mapped_column(String(60))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    repeat_minutes: Mapped[int] = mapped_column(Integer)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AlarmRecipientRow(Base):
    """Somebody who was told."""

    __tablename__ = "desk_alarm_recipients"

    alarm_id: Mapped[UUID] = mapped_column(ForeignKey("desk_alarms.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, index=True)
