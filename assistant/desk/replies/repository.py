"""Queries of canned replies."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assistant.desk.replies.models import ReplyRow
from assistant.desk.replies.rules import placeholders
from assistant.desk.replies.schemas import ReplyIn, ReplyView

SHARED = "shared"


def visible(session: Session, user_id: UUID) -> list[ReplyView]:
    """Somebody's own replies and the shared ones."""
    query = select(ReplyRow).where(ReplyRow.owner.in_([SHARED, str(user_id)]))
    return [_view(row, user_id) for row in session.scalars(query.order_by(ReplyRow.shortcut, ReplyRow.owner))]


def one(session: Session, reply_id: UUID, user_id: UUID) -> ReplyView | None:
    row = session.get(ReplyRow, reply_id, populate_existing=True)
    return _view(row, user_id) if row is not None and row.owner in {SHARED, str(user_id)} else None


def put(session: Session, reply_id: UUID, reply: ReplyIn, user_id: UUID, now: datetime) -> bool:
    """Makes or changes a reply; False when the shortcut is taken."""
    values = {
        "owner": SHARED if reply.shared else str(user_id),
        "author_id": user_id,
        "updated_at": now,
        **reply.model_dump(exclude={"shared"}),
    }
    try:
        with session.begin_nested():
            if not _changed(session, reply_id, values):
                session.add(ReplyRow(id=reply_id, uses=0, **values))
            session.flush()
    except IntegrityError:
        return False
    return True


def remove(session: Session, reply_id: UUID) -> None:
    session.execute(delete(ReplyRow).where(ReplyRow.id == reply_id))


def count_use(session: Session, reply_id: UUID) -> None:
    _changed(session, reply_id, {"uses": ReplyRow.uses + 1})


def any_shared(session: Session) -> bool:
    return session.scalar(select(ReplyRow.id).where(ReplyRow.owner == SHARED).limit(1)) is not None


def _changed(session: Session, reply_id: UUID, values: dict[str, object]) -> bool:
    statement = update(ReplyRow).where(ReplyRow.id == reply_id).values(**values)
    done = session.execute(statement.execution_options(synchronize_session=False))
    return bool(getattr(done, "rowcount", 0))


def _view(row: ReplyRow, user_id: UUID) -> ReplyView:
    return ReplyView(
        id=row.id,
        shortcut=row.shortcut,
        title=row.title,
        text=row.text,
        shared=row.owner == SHARED,
        mine=row.author_id == user_id,
        uses=row.uses,
        placeholders=placeholders(row.text),
    )
