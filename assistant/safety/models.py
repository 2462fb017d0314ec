"""Versions of the safety rules."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Integer, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, LongText, UtcDateTime


class RevisionRow(Base):
    """One revision of the rules; of the published ones the highest number holds."""

    __tablename__ = "safety_revisions"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    status: Mapped[str] = mapped_column(String(12), index=True)
    document: Mapped[str] = mapped_column(LongText)
    note: Mapped[str] = mapped_column(String(300))
    shipped: Mapped[str | None] = mapped_column(String(64))
    author_id: Mapped[UUID | None] = mapped_column(Uuid)
    publisher_id: Mapped[UUID | None] = mapped_column(Uuid)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
