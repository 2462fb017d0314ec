"""Tables of alerts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime


class Alert(Base):
    """What must reach a clinician, and their answer. `text` is a rule's own; what staff write is sealed."""

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("source_id", "rule_key", name="uq_alerts_source_rule"),
        Index("ix_alerts_open", "acknowledged_at", "ack_deadline", "id"),
        Index("ix_alerts_raised", "raised_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    level: Mapped[str] = mapped_column(String(8))
    rule_key: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(String(300))
    source_kind: Mapped[str] = mapped_column(String(32))
    source_id: Mapped[UUID] = mapped_column(Uuid)
    response_id: Mapped[UUID | None] = mapped_column(Uuid)
    call_id: Mapped[UUID | None] = mapped_column(Uuid)
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ack_deadline: Mapped[datetime] = mapped_column(UtcDateTime)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_by_id: Mapped[UUID | None] = mapped_column(Uuid)
    acknowledged_by: Mapped[str | None] = mapped_column(String(120))
    note_sealed: Mapped[str | None] = mapped_column(Text)
