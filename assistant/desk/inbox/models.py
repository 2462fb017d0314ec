"""What people at the desk have read."""

from uuid import UUID

from sqlalchemy import Integer, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base


class ReadRow(Base):
    """The number of the last message somebody has read."""

    __tablename__ = "desk_reads"

    conversation_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    seq: Mapped[int] = mapped_column(Integer)
