"""Laboratory results."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Double, ForeignKey, Index, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime, exact


class Observation(Base):
    """One analyte of one sample; the result's text as reported, and its number where it has one."""

    __tablename__ = "observations"
    __table_args__ = (
        UniqueConstraint("patient_id", "sample_number", "code"),
        Index("ix_observations_series", "patient_id", "code", "sampled_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))
    sample_number: Mapped[str] = mapped_column(exact(64))
    code: Mapped[str] = mapped_column(exact(32))
    name: Mapped[str] = mapped_column(String(64))
    sampled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    value_text: Mapped[str] = mapped_column(String(64))
    comparator: Mapped[str | None] = mapped_column(String(2))
    value: Mapped[float | None] = mapped_column(Double)
    unit: Mapped[str | None] = mapped_column(String(32))
    reference_low: Mapped[float | None] = mapped_column(Double)
    reference_high: Mapped[float | None] = mapped_column(Double)
    flag: Mapped[str | None] = mapped_column(String(8))
    critical: Mapped[bool] = mapped_column(Boolean)
    source_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
