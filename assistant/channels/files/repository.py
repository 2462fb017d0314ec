"""Queries of files."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.channels.files.models import ChatFileRow
from assistant.channels.files.schemas import FileView


def add(session: Session, conversation_id: UUID, view: FileView, now: datetime) -> None:
    session.add(ChatFileRow(conversation_id=conversation_id, created_at=now, **view.model_dump()))
    session.flush()


def find(session: Session, file_id: UUID, conversation_id: UUID | None) -> FileView | None:
    """A file, of one conversation if one is named."""
    query = select(ChatFileRow).where(ChatFileRow.id == file_id)
    if conversation_id is not None:
        query = query.where(ChatFileRow.conversation_id == conversation_id)
    row = session.scalar(query)
    return None if row is None else _view(row)


def of_ids(session: Session, file_ids: Collection[UUID]) -> list[FileView]:
    return [_view(row) for row in session.scalars(select(ChatFileRow).where(ChatFileRow.id.in_(file_ids)))]


def _view(row: ChatFileRow) -> FileView:
    return FileView.model_validate({name: getattr(row, name) for name in FileView.model_fields})
