"""The table of dialogue states."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Integer, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime


class DialogueStateRow(Base):
    """Where each conversation stands; `memory` holds words and names and is sealed."""

    __tablename__ = "dialogue_states"

    conversation_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    patient_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    response_id: Mapped[UUID | None] = mapped_column(Uuid)
    questionnaire_key: Mapped[str | None] = mapped_column(String(64))
    questionnaire_version: Mapped[int | None] = mapped_column(Integer)
    phase: Mapped[str] = mapped_column(String(16))
    item_link_id: Mapped[str | None] = mapped_column(String(64))
    repairs: Mapped[int] = mapped_column(Integer, default=0)
    callback_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disposition: Mapped[str | None] = mapped_column(String(32))
    last_turn_id: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer, default=0)
    memory: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
