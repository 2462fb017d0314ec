"""Versions of questionnaires."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Index, Integer, String, UniqueConstraint, Uuid, event, inspect
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from core_api.kit.db import Base, LongText, UtcDateTime, new_id
from core_api.kit.errors import Conflict


class QuestionnaireVersion(Base):
    """One version; `definition` is the questionnaire as JSON, fixed from publication on."""

    __tablename__ = "questionnaire_versions"
    __table_args__ = (
        UniqueConstraint("key", "version", name="uq_questionnaire_versions_key_version"),
        Index("ix_questionnaire_versions_status_key", "status", "key"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(120))
    items_count: Mapped[int] = mapped_column(Integer)
    definition: Mapped[str] = mapped_column(LongText)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@event.listens_for(QuestionnaireVersion, "before_update")
def _keep_published(_mapper: Mapper[QuestionnaireVersion], _rows: Connection, row: QuestionnaireVersion) -> None:
    """Answers refer to the words that were asked: what was published never changes."""
    state = inspect(row)
    was = (state.attrs.status.history.deleted or [row.status])[0]
    changed = any(state.attrs[name].history.has_changes() for name in ("definition", "key", "version", "title"))
    if was != "draft" and changed:
        raise Conflict("已发布的问卷版本不能再改，请另存为新草稿", code="questionnaire_published")
