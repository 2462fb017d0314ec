"""Gold questions and the runs over them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Float, Integer, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime, new_id


class GoldQuestion(Base):
    """A question whose right entries are known; none of them: it must be refused."""

    __tablename__ = "knowledge_gold"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    question: Mapped[str] = mapped_column(String(300))
    expected: Mapped[list[str]] = mapped_column(JSON)
    kind: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Evaluation(Base):
    """One run: its figures by method, and the questions that went wrong."""

    __tablename__ = "knowledge_evaluations"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    by_name: Mapped[str] = mapped_column(String(120))
    questions: Mapped[int] = mapped_column(Integer)
    entries: Mapped[int] = mapped_column(Integer)
    took_seconds: Mapped[float] = mapped_column(Float)
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
