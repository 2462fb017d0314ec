"""Tries to say who one is."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime


class TryRow(Base):
    """A try that failed; `subject` is the blind index of who tried, of a record or of an address."""

    __tablename__ = "chat_tries"
    __table_args__ = (Index("ix_chat_tries_subject", "subject", "at"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    subject: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
