"""Imports and what was wrong with their rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, Integer, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime


class ImportRun(Base):
    """One import or dry run."""

    __tablename__ = "import_runs"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    dry_run: Mapped[bool] = mapped_column(Boolean)
    state: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[UUID | None] = mapped_column(Uuid)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    files: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    issues_total: Mapped[int] = mapped_column(Integer, default=0)


class ImportIssue(Base):
    """One issue; personal values are masked before they come here."""

    __tablename__ = "import_issues"
    __table_args__ = (Index("ix_import_issues_run", "run_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    run_id: Mapped[UUID] = mapped_column(ForeignKey("import_runs.id", ondelete="CASCADE"))
    file: Mapped[str] = mapped_column(String(120))
    row: Mapped[int] = mapped_column("row_number", Integer)
    column: Mapped[str] = mapped_column("column_name", String(64))
    value: Mapped[str] = mapped_column("value_masked", String(80))
    reason: Mapped[str] = mapped_column(String(200))
    remedy: Mapped[str] = mapped_column(String(200))
    severity: Mapped[str] = mapped_column(String(8))
