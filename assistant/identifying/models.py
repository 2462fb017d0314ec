"""Tries to say who one is, and records that nobody may say they are."""

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


class PauseRow(Base):
    """A record that nobody is identified as online until staff open it again."""

    __tablename__ = "identification_pauses"

    patient_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(Uuid)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
