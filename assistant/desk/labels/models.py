"""Labels of conversations."""

from uuid import UUID

from sqlalchemy import ForeignKey, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base


class LabelRow(Base):
    __tablename__ = "desk_labels"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(String(30), unique=True)
    color: Mapped[str] = mapped_column(String(10))


class ConversationLabelRow(Base):
    __tablename__ = "desk_conversation_labels"

    conversation_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    label_id: Mapped[UUID] = mapped_column(
        ForeignKey("desk_labels.id", ondelete="CASCADE"), primary_key=True, index=True
    )
