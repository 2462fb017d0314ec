"""Queues: making them, routing to them, telling whether they are open."""

from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.desk.calendar import rules as working
from assistant.desk.calendar import service as calendar
from assistant.desk.calendar.schemas import WorkingTime
from assistant.desk.queues import repository, rules
from assistant.desk.queues.models import QueueRow
from assistant.desk.queues.schemas import CaseKind, Member, MemberIn, Queue, QueueIn
from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict, NotFound
from core_api.kit.yaml_text import load_yaml


def queues(session: Session) -> list[Queue]:
    return repository.all_queues(session)


def queue(session: Session, queue_id: UUID) -> Queue:
    """One queue.

    Raises:
        NotFound: There is none of this id.
    """
    found = repository.one(session, queue_id)
    if found is None:
        raise NotFound("没有找到这个队列", code="queue_not_found", field="queue_id")
    return found


def create_queue(session: Session, new: QueueIn, clock: Clock) -> Queue:
    """Makes a queue.

    Raises:
        Conflict: The name is taken.
    """
    if repository.by_name(session, new.name):
        raise Conflict("已有同名的队列", code="name_taken", field="name")
    row = QueueRow(id=new_id(), created_at=clock.now(), **new.model_dump(mode="json"))
    repository.add(session, row)
    return Queue(id=row.id, **new.model_dump())


def change_queue(session: Session, queue_id: UUID, change: QueueIn) -> Queue:
    """Changes a queue; cases that are open keep their deadlines.

    Raises:
        NotFound: There is none of this id.
        Conflict: The name is taken.
    """
    queue(session, queue_id)
    if repository.by_name(session, change.name) not in {None, queue_id}:
        raise Conflict("已有同名的队列", code="name_taken", field="name")
    repository.change(session, queue_id, change)
    return queue(session, queue_id)


def set_members(session: Session, queue_id: UUID, members: Sequence[MemberIn]) -> list[Member]:
    """Says who works in a queue."""
    queue(session, queue_id)
    repository.set_members(session, queue_id, members)
    return repository.members(session, [queue_id])


def members(session: Session, queue_ids: Sequence[UUID] | None = None) -> list[Member]:
    return repository.members(session, queue_ids)


def queues_of(session: Session, user_id: UUID) -> list[UUID]:
    """The queues somebody works in."""
    return repository.queues_of(session, user_id)


def route(session: Session, department: str | None, kind: CaseKind) -> Queue | None:
    """The queue for a new case; None only where there is no active queue at all."""
    return rules.route(repository.all_queues(session), department, kind)


def department_members(session: Session, department: str | None) -> list[UUID]:
    """Everybody who works in a department's queues."""
    of_department = rules.of_departments(repository.all_queues(session), department)
    found = repository.members(session, [one.id for one in of_department])
    return list(dict.fromkeys(member.user_id for member in found))


def working_time(session: Session, of_queue: Queue, at: datetime) -> WorkingTime:
    return calendar.working_time(session, of_queue.hours, at)


def is_open(session: Session, of_queue: Queue, at: datetime) -> bool:
    """Whether a queue is open at a moment; one without hours always is."""
    return not of_queue.hours or working.is_open(working_time(session, of_queue, at), at)


def load_library(session: Session, clock: Clock) -> None:
    """Makes the first queues in a database that has none."""
    if repository.all_queues(session):
        return
    text = files("assistant.desk.queues").joinpath("library/queues.yaml").read_text("utf-8")
    for entry in load_yaml(text)["queues"]:
        create_queue(session, QueueIn.model_validate(entry), clock)
