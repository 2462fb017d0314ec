"""Queries of notes; texts are sealed here and nowhere else."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from assistant.desk.notes.models import NoteRow
from core_api.kit.crypto import seal, unseal
from core_api.kit.db import new_id

TEXT = "desk_notes.text"


class Note(NamedTuple):
    """A note in the clear."""

    id: UUID
    author_id: UUID
    text: str
    at: datetime


def add(
    session: Session, conversation_id: UUID | None, case_id: UUID | None, author_id: UUID, text: str, at: datetime
) -> UUID:
    note_id = new_id()
    sealed = seal(session, TEXT, note_id, text) or ""
    row = NoteRow(id=note_id, conversation_id=conversation_id, case_id=case_id, author_id=author_id, at=at)
    row.text_sealed = sealed
    session.add(row)
    session.flush()
    return note_id


def of_conversation(session: Session, conversation_id: UUID | None, case_ids: list[UUID]) -> list[Note]:
    """The notes of a conversation and of its cases, in order."""
    where = or_(NoteRow.conversation_id == conversation_id, NoteRow.case_id.in_(case_ids))
    rows = session.scalars(select(NoteRow).where(where).order_by(NoteRow.id))
    return [Note(row.id, row.author_id, unseal(session, TEXT, row.id, row.text_sealed) or "", row.at) for row in rows]
