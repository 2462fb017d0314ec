"""The table of enquiries."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Integer, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime


class EnquiryRow(Base):
    """Where each enquiry stands; `memory` holds the topic of what was asked and is sealed."""

    __tablename__ = "enquiries"

    conversation_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, default=0)
    memory: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
