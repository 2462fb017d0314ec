"""Queues and who works in them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Boolean, ForeignKey, Integer, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime


class QueueRow(Base):
    """Cases of a department (of any, when empty) and of some kinds, with opening hours and a promise of reply."""

    __tablename__ = "desk_queues"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    department: Mapped[str] = mapped_column(String(64))
    skills: Mapped[list[str]] = mapped_column(JSON)
    kinds: Mapped[list[str]] = mapped_column(JSON)
    hours: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    reply_within_minutes: Mapped[int] = mapped_column(Integer)
    clock: Mapped[str] = mapped_column(String(8))
    warn_before_minutes: Mapped[int] = mapped_column(Integer)
    out_of_hours_text: Mapped[str] = mapped_column(String(500))
    active: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MemberRow(Base):
    """Somebody who works in a queue, and what they can do there."""

    __tablename__ = "desk_members"

    queue_id: Mapped[UUID] = mapped_column(ForeignKey("desk_queues.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, index=True)
    skills: Mapped[list[str]] = mapped_column(JSON)
