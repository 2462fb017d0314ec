"""Private notes: sealed, seen by staff only."""

from datetime import datetime
from uuid import UUID

from pydantic import Field
from sqlalchemy.orm import Session

from assistant.desk.calendar.schemas import Frozen
from assistant.desk.notes import repository
from core_api.kit.clock import Clock
from core_api.kit.errors import Invalid
from core_api.kit.outbox import publish


class NoteIn(Frozen):
    text: str = Field(min_length=1, max_length=2000)


class NoteView(Frozen):
    id: UUID
    author_id: UUID
    author_name: str
    text: str
    at: datetime
    mine: bool


def add_note(
    session: Session, conversation_id: UUID | None, case_id: UUID | None, author_id: UUID, text: str, clock: Clock
) -> UUID:
    """Keeps a note.

    Raises:
        Invalid: There is nothing in it.
    """
    if not text.strip():
        raise Invalid("请输入备注内容", field="text")
    note_id = repository.add(session, conversation_id, case_id, author_id, text.strip(), clock.now())
    data = {"note_id": str(note_id)}
    data |= {"conversation_id": str(conversation_id)} if conversation_id else {}
    data |= {"case_id": str(case_id)} if case_id else {}
    publish(session, "note.added", note_id, data, clock)
    return note_id


notes_of = repository.of_conversation
