"""The site's words."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime, new_id


class Term(Base):
    """A synonym (`alternatives` are read as `term`), a word kept whole, or what fills a placeholder of answers."""

    __tablename__ = "knowledge_terms"
    __table_args__ = (UniqueConstraint("kind", "term", name="uq_knowledge_terms_kind_term"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(16))
    term: Mapped[str] = mapped_column(String(64))
    alternatives: Mapped[list[str]] = mapped_column(JSON)
    label: Mapped[str] = mapped_column(String(120), default="")
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_by_name: Mapped[str] = mapped_column(String(120))
