"""Queries of satisfaction; words are sealed here and nowhere else."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from assistant.desk.satisfaction.models import SatisfactionRow
from core_api.kit.crypto import seal, unseal
from core_api.kit.db import new_id

WORD = "desk_satisfaction.word"


class Asked(NamedTuple):
    """The last question of a conversation, in the clear."""

    id: UUID
    asked_at: datetime
    score: int | None
    word: str | None
    rated_at: datetime | None


def add(session: Session, conversation_id: UUID, owner_id: UUID | None, now: datetime) -> None:
    session.add(SatisfactionRow(id=new_id(), conversation_id=conversation_id, owner_id=owner_id, asked_at=now))
    session.flush()


def last(session: Session, conversation_id: UUID) -> Asked | None:
    row = SatisfactionRow
    query = select(row).where(row.conversation_id == conversation_id).order_by(row.id.desc()).limit(1)
    found = session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        return None
    word = unseal(session, WORD, found.id, found.word_sealed)
    return Asked(found.id, found.asked_at, found.score, word, found.rated_at)


def rate(session: Session, asked_id: UUID, score: int, word: str | None, now: datetime) -> None:
    values = {"score": score, "word_sealed": seal(session, WORD, asked_id, word), "rated_at": now}
    session.execute(
        update(SatisfactionRow)
        .where(SatisfactionRow.id == asked_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
