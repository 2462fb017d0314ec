"""Imports of entries."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime, new_id


class KnowledgeImport(Base):
    """One file: what a preview found in it, and whether it was applied."""

    __tablename__ = "knowledge_imports"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    file_name: Mapped[str] = mapped_column(String(160))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[UUID] = mapped_column(Uuid)
    status: Mapped[str] = mapped_column(String(16))
    report: Mapped[dict[str, Any]] = mapped_column(JSON)
