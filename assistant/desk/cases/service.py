"""Cases: opening once, assigning, settling; `desk.service` adds what follows from it."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.desk.cases import repository, rules
from assistant.desk.cases.models import CaseRow
from assistant.desk.cases.schemas import Case, CaseFilter, CaseIn, Deadline, FlagIn, Outcome
from assistant.desk.queues import service as queues
from assistant.desk.queues.schemas import Queue
from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict, Invalid, NotFound
from core_api.kit.outbox import publish
from core_api.kit.paging import Page, decode_cursor, encode_cursor

flags_of = repository.flags_of
loads = repository.loads
waiting = repository.waiting
open_of_conversations = repository.open_of_conversations
of_conversation = repository.of_conversation
unassigned = repository.unassigned
open_assigned_to = repository.open_assigned_to
by_alert = repository.by_alert


def open_case(session: Session, new: CaseIn, clock: Clock) -> tuple[UUID, bool]:
    """Opens a case once per source and kind; publishes "case.opened".

    A conversation that waits for people already waits in the same case, however often it is asked for.

    Returns:
        Its id, and whether it was opened now.
    """
    source_id = str(new.source_id)
    known = repository.id_of(session, new.source_kind, source_id, new.kind)
    known = known or _same_matter(session, new)
    if known:
        return known, False
    queue = queues.route(session, new.department or None, new.kind)
    row = _row(session, new, queue, clock.now())
    if not repository.add(session, row):
        return repository.id_of(session, new.source_kind, source_id, new.kind) or row.id, False
    tell(session, "case.opened", case(session, row.id), clock)
    return row.id, True


def case(session: Session, case_id: UUID, *, lock: bool = False) -> Case:
    """One case; `lock` holds it until the transaction ends.

    Raises:
        NotFound: There is none of this id.
    """
    found = repository.one(session, case_id, lock=lock)
    if found is None:
        raise NotFound("没有找到这个工单", code="case_not_found")
    return found


def open_calls(session: Session, call_ids: Collection[UUID]) -> set[UUID]:
    """Which of the calls belong to a case that is not resolved."""
    return repository.open_calls(session, call_ids)


def list_cases(
    session: Session, wanted: CaseFilter, user_id: UUID, clock: Clock, cursor: str | None = None, limit: int = 20
) -> Page[Case]:
    """A page of cases, the most urgent first, then in order of opening.

    Raises:
        Invalid: The cursor is not ours.
    """
    conditions = repository.conditions_of(wanted, user_id, clock.now())
    found = repository.page(session, conditions, _place(cursor), limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    place = last and encode_cursor(rules.RANKS[last.urgency], last.opened_at.isoformat(), str(last.id))
    total = repository.count(session, conditions) if cursor is None else None
    return Page(items=found[:limit], next_cursor=place, total=total)


def count(session: Session, wanted: CaseFilter, user_id: UUID, clock: Clock) -> int:
    return repository.count(session, repository.conditions_of(wanted, user_id, clock.now()))


def add_flags(session: Session, case_id: UUID, flags: Sequence[FlagIn], clock: Clock) -> None:
    """Adds red flags to a case; those it has already change nothing."""
    repository.add_flags(session, case_id, flags, clock.now())


def set_alert(session: Session, case_id: UUID, alert_id: UUID) -> None:
    repository.change(session, case_id, {"alert_id": alert_id})


def assign(session: Session, case_id: UUID, user_id: UUID | None, expected: UUID | None, clock: Clock) -> bool:
    """Gives an open case to somebody, if it is still with whom the caller saw; tells whether it was."""
    done = repository.assign(session, case_id, user_id, expected)
    if done:
        tell(session, "case.assigned", case(session, case_id), clock)
    return done


def move(session: Session, moved: Case, queue_id: UUID, clock: Clock) -> Case:
    """Puts a case into another queue, unassigned, under that queue's promise from now on."""
    queue = queues.queue(session, queue_id)
    values: dict[str, object] = {"queue_id": queue.id, "assignee_id": None}
    if moved.kind != "red_flag":
        due = rules.deadline(clock.now(), queue, queues.working_time(session, queue, clock.now()))
        values |= {
            "due_at": due.due_at,
            "warn_at": due.warn_at,
            "clock": due.clock,
            "warned_at": None,
            "breached_at": None,
        }
    repository.change(session, moved.id, values)
    changed = case(session, moved.id)
    tell(session, "case.changed", changed, clock)
    return changed


def acknowledge(session: Session, case_id: UUID, user_id: UUID | None, clock: Clock) -> bool:
    """Records that a person has seen a case; False when somebody had already."""
    done = repository.mark_acknowledged(session, case_id, user_id, clock.now())
    if done:
        tell(session, "case.acknowledged", case(session, case_id), clock)
    return done


def replied(session: Session, conversation_id: UUID, clock: Clock) -> None:
    """A person answered: the promise of the conversation's open cases is kept."""
    for one in repository.open_of_conversations(session, [conversation_id]):
        if repository.mark_first_reply(session, one.id, clock.now()):
            tell(session, "case.changed", one, clock)


def resolve(session: Session, case_id: UUID, user_id: UUID | None, outcome: Outcome, clock: Clock) -> Case:
    """Closes a case.

    Raises:
        Conflict: It is closed already, or a red flag that nobody has acknowledged.
    """
    found = case(session, case_id, lock=True)
    if found.needs_acknowledgement:
        raise Conflict("这是危险信号，请先确认再结束", code="not_acknowledged")
    values = {"resolved_at": clock.now(), "resolved_by_id": user_id, "outcome": outcome}
    if not repository.mark_resolved(session, case_id, values):
        raise Conflict("这个工单已经结束", code="already_resolved")
    closed = case(session, case_id)
    tell(session, "case.resolved", closed, clock)
    return closed


def tell_deadlines(session: Session, clock: Clock, limit: int = 50) -> int:
    """Tells, once each, of cases that are due soon and of those that are overdue."""
    told = 0
    for one in repository.to_warn(session, clock.now(), limit):
        if repository.mark_told(session, one.id, "warned_at", clock.now()):
            tell(session, "case.due_soon", one, clock)
            told += 1
    for one in repository.to_breach(session, clock.now(), limit):
        if repository.mark_told(session, one.id, "breached_at", clock.now()):
            tell(session, "case.breached", one, clock)
            told += 1
    return told


def tell(session: Session, name: str, about: Case, clock: Clock) -> None:
    """Publishes an event of a case: ids and codes."""
    ids = {name: getattr(about, name) for name in ("conversation_id", "queue_id", "assignee_id", "patient_id")}
    data = {"case_id": str(about.id), "kind": about.kind, "urgency": about.urgency}
    publish(session, name, about.id, data | {key: str(value) for key, value in ids.items() if value}, clock)


def _same_matter(session: Session, new: CaseIn) -> UUID | None:
    if new.conversation_id is None or new.kind == "red_flag":
        return None
    earlier = repository.open_of_conversations(session, [new.conversation_id])
    return next((one.id for one in earlier if one.kind == new.kind), None)


def _row(session: Session, new: CaseIn, queue: Queue | None, now: datetime) -> CaseRow:
    deadline = _deadline(session, new, queue, now)
    return CaseRow(
        **new.model_dump(exclude={"source_id", "due_at", "skill"}),
        id=new_id(),
        source_id=str(new.source_id),
        skill=new.skill or rules.SKILLS.get(new.kind),
        rank=rules.RANKS[new.urgency],
        queue_id=queue.id if queue else None,
        status="open",
        opened_at=now,
        clock=deadline.clock if deadline else "wall",
        due_at=deadline.due_at if deadline else None,
        warn_at=deadline.warn_at if deadline else None,
    )


def _deadline(session: Session, new: CaseIn, queue: Queue | None, now: datetime) -> Deadline | None:
    if new.due_at is not None:
        return rules.urgent_deadline(now, new.due_at)
    if queue is None:
        return None
    return rules.deadline(now, queue, queues.working_time(session, queue, now))


def _place(cursor: str | None) -> repository.Place | None:
    if cursor is None:
        return None
    try:
        rank, at, case_id = decode_cursor(cursor)
        return int(str(rank)), datetime.fromisoformat(str(at)).astimezone(UTC), UUID(str(case_id))
    except ValueError as error:
        raise Invalid("翻页位置无效，请从第一页重新查看", field="cursor") from error


def users_of(found: Collection[Case]) -> set[UUID]:
    """Everybody named in cases."""
    return {user for one in found for user in (one.assignee_id, one.acknowledged_by_id) if user is not None}
