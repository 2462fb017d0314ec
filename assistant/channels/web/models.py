"""Visitors of the chat page."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime


class VisitorRow(Base):
    """One browser's visit; its token is known to the browser alone, here lies its hash."""

    __tablename__ = "chat_visitors"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    conversation_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    entry: Mapped[str] = mapped_column(String(16))
    patient_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    identified_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
