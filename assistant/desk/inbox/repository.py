"""The list of conversations in one query, over clauses of the few columns of other slices that it needs."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    Uuid,
    and_,
    column,
    exists,
    func,
    literal,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assistant.desk.inbox.models import ReadRow
from assistant.desk.inbox.schemas import InboxFilter
from core_api.kit.db import UtcDateTime

CONVERSATIONS = table(
    "conversations",
    column("id", Uuid),
    column("channel", String),
    column("status", String),
    column("owner_id", Uuid),
    column("created_at", UtcDateTime),
    column("waiting_since", UtcDateTime),
    column("last_message_at", UtcDateTime),
    column("resolved_at", UtcDateTime),
)
CASES = table(
    "desk_cases",
    column("conversation_id", Uuid),
    column("status", String),
    column("queue_id", Uuid),
    column("assignee_id", Uuid),
    column("rank", Integer),
    column("opened_at", UtcDateTime),
)
MESSAGES = table("messages", column("conversation_id", Uuid), column("sender", String), column("seq", Integer))
LABELS = table("desk_conversation_labels", column("conversation_id", Uuid), column("label_id", Uuid))
NORMAL = 2
C = CONVERSATIONS.c
Place = tuple[int, datetime, UUID]


class Viewer(NamedTuple):
    """Who looks, and which queues they see; None is every queue."""

    user_id: UUID
    queues: Collection[UUID] | None


class Listed(NamedTuple):
    """A conversation's place in the list."""

    rank: int
    since: datetime
    id: UUID


def page(session: Session, wanted: InboxFilter, viewer: Viewer, after: Place | None, limit: int) -> list[Listed]:
    """Conversations in order: the urgent first, then who has waited longest; resolved ones the newest first."""
    if wanted.view == "resolved":
        return _resolved(session, wanted, viewer, after, limit)
    open_cases = _open_cases().subquery()
    rank = func.coalesce(open_cases.c.rank, NORMAL)
    since = func.coalesce(C.waiting_since, open_cases.c.since, C.last_message_at, C.created_at, type_=UtcDateTime)
    query = select(rank, since, C.id).outerjoin(open_cases, open_cases.c.conversation_id == C.id)
    query = query.where(*_conditions(wanted, viewer))
    if after is not None:
        at_rank, at, last_id = after
        later = or_(since > at, and_(since == at, C.id > last_id))
        query = query.where(or_(rank > at_rank, and_(rank == at_rank, later)))
    return [Listed(*row) for row in session.execute(query.order_by(rank, since, C.id).limit(limit))]


def count(session: Session, wanted: InboxFilter, viewer: Viewer) -> int:
    query = select(func.count()).select_from(CONVERSATIONS).where(*_conditions(wanted, viewer))
    return session.scalar(query) or 0


def unread(session: Session, user_id: UUID, conversation_ids: Collection[UUID]) -> dict[UUID, int]:
    """Messages of patients that somebody has not read, by conversation."""
    read = select(ReadRow).where(ReadRow.user_id == user_id).subquery()
    m = MESSAGES.c
    query = (
        select(m.conversation_id, func.count())
        .select_from(MESSAGES)
        .outerjoin(read, read.c.conversation_id == m.conversation_id)
        .where(m.conversation_id.in_(conversation_ids), m.sender == "patient", m.seq > func.coalesce(read.c.seq, 0))
        .group_by(m.conversation_id)
    )
    return dict(session.execute(query).tuples().all())


def mark_read(session: Session, conversation_id: UUID, user_id: UUID, seq: int) -> None:
    """Moves the mark forward, never back."""
    row = ReadRow
    mine = (row.conversation_id == conversation_id, row.user_id == user_id)
    forward = update(row).where(*mine, row.seq < seq).values(seq=seq).execution_options(synchronize_session=False)
    if getattr(session.execute(forward), "rowcount", 0) or session.scalar(
        select(literal(1)).where(exists().where(*mine))
    ):
        return
    try:
        with session.begin_nested():
            session.add(ReadRow(conversation_id=conversation_id, user_id=user_id, seq=seq))
            session.flush()
    except IntegrityError:
        session.execute(forward)


def _resolved(session: Session, wanted: InboxFilter, viewer: Viewer, after: Place | None, limit: int) -> list[Listed]:
    since = func.coalesce(C.resolved_at, C.last_message_at, C.created_at, type_=UtcDateTime)
    query = select(literal(NORMAL), since, C.id).where(*_conditions(wanted, viewer))
    if after is not None:
        _, at, last_id = after
        query = query.where(or_(since < at, and_(since == at, C.id < last_id)))
    return [Listed(*row) for row in session.execute(query.order_by(since.desc(), C.id.desc()).limit(limit))]


def _open_cases() -> Select[tuple[UUID, int, datetime]]:
    grave, since = func.min(CASES.c.rank), func.min(CASES.c.opened_at)
    return (
        select(CASES.c.conversation_id, grave.label("rank"), since.label("since"))
        .where(CASES.c.status == "open", CASES.c.conversation_id.is_not(None))
        .group_by(CASES.c.conversation_id)
    )


def _conditions(wanted: InboxFilter, viewer: Viewer) -> list[ColumnElement[bool]]:
    conditions = [_of_view(wanted, viewer)]
    if wanted.channel:
        conditions.append(C.channel == wanted.channel)
    if wanted.status:
        conditions.append(C.status == wanted.status)
    if wanted.queue_id:
        conditions.append(_has_case(CASES.c.queue_id == wanted.queue_id))
    if wanted.label_id:
        labelled = (LABELS.c.conversation_id == C.id) & (LABELS.c.label_id == wanted.label_id)
        conditions.append(exists(select(literal(1)).select_from(LABELS).where(labelled)))
    return conditions


def _of_view(wanted: InboxFilter, viewer: Viewer) -> ColumnElement[bool]:
    is_open = CASES.c.status == "open"
    if wanted.view == "mine":
        return or_(C.owner_id == viewer.user_id, _has_case(is_open, CASES.c.assignee_id == viewer.user_id))
    if wanted.view == "unassigned":
        seen: list[ColumnElement[bool]] = [is_open, CASES.c.assignee_id.is_(None)]
        if viewer.queues is not None:
            seen.append(or_(CASES.c.queue_id.is_(None), CASES.c.queue_id.in_(viewer.queues)))
        return and_(C.owner_id.is_(None), _has_case(*seen))
    if wanted.view == "resolved":
        return and_(C.status == "resolved", _has_case())
    return or_(C.status.in_(["open", "snoozed"]), _has_case(is_open))


def _has_case(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    of_it = CASES.c.conversation_id == C.id
    return exists(select(literal(1)).select_from(CASES).where(of_it, *conditions))
