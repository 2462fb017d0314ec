"""Every query on recorded prompts."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from telephony.prompts.models import PromptRecordingRow
from telephony.prompts.schemas import PromptRecording, PromptState

Row = PromptRecordingRow


def add(session: Session, row: PromptRecordingRow) -> None:
    session.add(row)
    session.flush()


def locked(session: Session, recording_id: UUID) -> PromptRecordingRow | None:
    return session.scalar(select(Row).where(Row.id == recording_id).with_for_update())


def one(session: Session, recording_id: UUID) -> PromptRecording | None:
    found = session.get(Row, recording_id)
    return None if found is None else view(found)


def current(session: Session) -> list[PromptRecording]:
    """Those in use and those to be reviewed, the oldest first."""
    query = select(Row).where(Row.state.in_(("active", "pending"))).order_by(Row.id)
    return [view(row) for row in session.scalars(query)]


def active(session: Session, content_keys: Collection[str]) -> dict[str, UUID]:
    """Recordings in use, by content key."""
    query = select(Row.content_key, Row.id).where(Row.content_key.in_(content_keys), Row.state == "active")
    return {row.content_key: row.id for row in session.execute(query)}


def withdraw(session: Session, content_key: str, state: PromptState, but: UUID) -> None:
    """Retires the others of a sentence that are in a state."""
    session.execute(
        update(Row)
        .where(Row.content_key == content_key, Row.state == state, Row.id != but)
        .values(state="retired")
        .execution_options(synchronize_session=False)
    )


def decide(session: Session, row: PromptRecordingRow, state: PromptState, by: tuple[UUID, str], now: datetime) -> None:
    row.state, row.reviewed_at = state, now
    row.reviewed_by_id, row.reviewed_by = by
    session.flush()


def view(row: PromptRecordingRow) -> PromptRecording:
    return PromptRecording.model_validate({name: getattr(row, name) for name in PromptRecording.model_fields})
