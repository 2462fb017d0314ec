"""Staff's recordings of fixed prompts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime


class PromptRecordingRow(Base):
    """One recording of one sentence. The samples lie in a file of its id; the text is a script's, never a patient's."""

    __tablename__ = "prompt_recordings"
    __table_args__ = (Index("ix_prompt_recordings_key", "content_key", "state"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    content_key: Mapped[str] = mapped_column(String(64))
    voice: Mapped[str] = mapped_column(String(8))
    text: Mapped[str] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(10), index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    uploaded_by_id: Mapped[UUID] = mapped_column(Uuid)
    uploaded_by: Mapped[str] = mapped_column(String(120))
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reviewed_by_id: Mapped[UUID | None] = mapped_column(Uuid)
    reviewed_by: Mapped[str | None] = mapped_column(String(120))
    note: Mapped[str | None] = mapped_column(String(200))
