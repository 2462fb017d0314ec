"""Storage contracts."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Integer, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime, exact


class StorageContract(Base):
    """One contract on frozen embryos; money in fen, the hundredth of a yuan."""

    __tablename__ = "storage_contracts"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    contract_number: Mapped[str] = mapped_column(exact(64), unique=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), index=True)
    embryos: Mapped[int | None] = mapped_column(Integer)
    frozen_on: Mapped[date | None] = mapped_column(Date)
    due_on: Mapped[date | None] = mapped_column(Date, index=True)
    annual_fee_fen: Mapped[int] = mapped_column(Integer)
    paid_until: Mapped[date | None] = mapped_column(Date)
    arrears_fen: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(16))
    source_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
