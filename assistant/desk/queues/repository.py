"""Queries of queues and members."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from assistant.desk.queues.models import MemberRow, QueueRow
from assistant.desk.queues.schemas import Member, MemberIn, Queue, QueueIn


def all_queues(session: Session) -> list[Queue]:
    return [_queue(row) for row in session.scalars(select(QueueRow).order_by(QueueRow.created_at, QueueRow.id))]


def one(session: Session, queue_id: UUID) -> Queue | None:
    row = session.get(QueueRow, queue_id, populate_existing=True)
    return None if row is None else _queue(row)


def by_name(session: Session, name: str) -> UUID | None:
    return session.scalar(select(QueueRow.id).where(QueueRow.name == name))


def add(session: Session, row: QueueRow) -> None:
    session.add(row)
    session.flush()


def change(session: Session, queue_id: UUID, queue: QueueIn) -> None:
    row = session.get_one(QueueRow, queue_id)
    for name, value in queue.model_dump(mode="json").items():
        setattr(row, name, value)
    session.flush()


def members(session: Session, queue_ids: Sequence[UUID] | None = None) -> list[Member]:
    query = select(MemberRow).order_by(MemberRow.queue_id, MemberRow.user_id)
    if queue_ids is not None:
        query = query.where(MemberRow.queue_id.in_(queue_ids))
    return [_member(row) for row in session.scalars(query)]


def queues_of(session: Session, user_id: UUID) -> list[UUID]:
    return list(session.scalars(select(MemberRow.queue_id).where(MemberRow.user_id == user_id)))


def set_members(session: Session, queue_id: UUID, wanted: Sequence[MemberIn]) -> None:
    session.execute(delete(MemberRow).where(MemberRow.queue_id == queue_id))
    rows = {one.user_id: MemberRow(queue_id=queue_id, user_id=one.user_id, skills=list(one.skills)) for one in wanted}
    session.add_all(rows.values())
    session.flush()


def _queue(row: QueueRow) -> Queue:
    return Queue.model_validate({name: getattr(row, name) for name in Queue.model_fields})


def _member(row: MemberRow) -> Member:
    return Member(queue_id=row.queue_id, user_id=row.user_id, skills=tuple(row.skills))
