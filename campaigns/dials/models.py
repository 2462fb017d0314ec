"""Calls dialled by hand."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime


class StaffDial(Base):
    """One call that somebody dialled; its id is the call's. What they typed is about health and sealed."""

    __tablename__ = "staff_dials"
    __table_args__ = (Index("ix_staff_dials_patient_id", "patient_id", "id"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(Uuid)
    user_id: Mapped[UUID] = mapped_column(Uuid)
    source_kind: Mapped[str] = mapped_column(String(16))
    source_id: Mapped[UUID | None] = mapped_column(Uuid)
    overridden: Mapped[str] = mapped_column(String(200), default="")
    reason_sealed: Mapped[str | None] = mapped_column(Text)
    dialled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    result: Mapped[str | None] = mapped_column(String(16))
    call_back_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note_sealed: Mapped[str | None] = mapped_column(Text)
    noted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
