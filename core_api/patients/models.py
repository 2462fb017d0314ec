"""Patients, relatives and the index of name parts.

Names, phones, identity numbers and notes are sealed (`*_sealed`); `*_blind` columns hold their blind indexes.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Boolean, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime, exact


class Patient(Base):
    """One person's record, keyed by the hospital's record number."""

    __tablename__ = "patients"
    __table_args__ = (Index("ix_patients_stage_site", "stage", "site"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    record_number: Mapped[str] = mapped_column(exact(64), unique=True)
    visit_card: Mapped[str | None] = mapped_column(String(64), index=True)
    name_sealed: Mapped[str] = mapped_column(Text)
    name_blind: Mapped[str] = mapped_column(String(64))
    gender: Mapped[str] = mapped_column(String(8))
    birth_date: Mapped[date | None] = mapped_column(Date)
    identity_sealed: Mapped[str | None] = mapped_column(Text)
    identity_blind: Mapped[str | None] = mapped_column(String(64), index=True)
    phone_sealed: Mapped[str | None] = mapped_column(Text)
    phone_blind: Mapped[str | None] = mapped_column(String(64), index=True)
    phone_tail_blind: Mapped[str | None] = mapped_column(String(64), index=True)
    notes_sealed: Mapped[str | None] = mapped_column(Text)
    site: Mapped[str | None] = mapped_column(String(64))
    department: Mapped[str | None] = mapped_column(String(64))
    stage: Mapped[str | None] = mapped_column(String(32))
    consent: Mapped[str] = mapped_column(String(8))
    preferences: Mapped[dict[str, Any]] = mapped_column(JSON)
    do_not_contact: Mapped[bool] = mapped_column(Boolean, default=False)
    do_not_contact_reason: Mapped[str | None] = mapped_column(String(64))
    do_not_contact_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deceased: Mapped[bool] = mapped_column(Boolean, default=False)
    deceased_reported_by: Mapped[str | None] = mapped_column(String(64))
    deceased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wrong_number: Mapped[bool] = mapped_column(Boolean, default=False)
    wrong_number_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    source_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Relative(Base):
    """A person with a relation to a patient; `ordinal` tells apart several of one relation."""

    __tablename__ = "relatives"
    __table_args__ = (UniqueConstraint("patient_id", "relation", "ordinal"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))
    relation: Mapped[str] = mapped_column(String(16))
    ordinal: Mapped[int] = mapped_column(Integer, default=0)
    name_sealed: Mapped[str | None] = mapped_column(Text)
    phone_sealed: Mapped[str | None] = mapped_column(Text)
    phone_blind: Mapped[str | None] = mapped_column(String(64), index=True)


class NameGram(Base):
    """A keyed hash of a character or pair of neighbouring characters of a patient's name.

    Whoever holds the database without the key can count how often a hash occurs; the price of finding a name by its
    part.
    """

    __tablename__ = "patient_name_grams"

    gram: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), primary_key=True)
