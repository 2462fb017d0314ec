"""Canned replies."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Integer, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime


class ReplyRow(Base):
    """A canned reply; shared ones have the owner "shared", so that shortcuts are unique on every database."""

    __tablename__ = "desk_replies"
    __table_args__ = (UniqueConstraint("owner", "shortcut", name="uq_desk_replies_shortcut"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    owner: Mapped[str] = mapped_column(String(36))
    author_id: Mapped[UUID | None] = mapped_column(Uuid)
    shortcut: Mapped[str] = mapped_column(String(30))
    title: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(String(2000))
    uses: Mapped[int] = mapped_column(Integer)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
