"""The desk's door for the rest of the assistant: opening cases, what follows from messages, the out-of-hours notice."""

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.desk import assignment, collecting, escalation
from assistant.desk.alarms import service as alarms
from assistant.desk.calendar import service as calendar
from assistant.desk.cases import service as cases
from assistant.desk.cases.schemas import CaseIn, Flag, FlagIn
from assistant.desk.labels import service as labels
from assistant.desk.queues import service as queues
from assistant.desk.replies import service as replies
from assistant.desk.rota import service as rota
from core_api.kit.clock import Clock
from core_api.kit.db import Sessions
from core_api.kit.outbox import Event, Handler

__all__ = [
    "CaseIn",
    "after_staff_message",
    "handlers",
    "last_suspicion",
    "load_library",
    "notice",
    "open_case",
    "open_case_calls",
    "open_suspected",
    "open_urgent",
    "somebody_there",
    "tick",
]

open_urgent = escalation.open_urgent
open_case_calls = cases.open_calls
BATCH = 50


def open_case(session: Session, new: CaseIn, clock: Clock) -> UUID:
    """Opens a case for people, once per source and kind, and gives it to whoever's turn it is."""
    if new.kind == "red_flag":
        return escalation.open_urgent(session, new, (), clock)
    case_id, opened = cases.open_case(session, new, clock)
    if opened:
        assignment.assign(session, cases.case(session, case_id), clock)
    return case_id


def open_suspected(session: Session, new: CaseIn, flag: FlagIn, clock: Clock) -> UUID:
    """Opens a case for what a message may be speaking of; a further message of the conversation joins it."""
    case_id = open_case(session, new, clock)
    cases.add_flags(session, case_id, [flag], clock)
    return case_id


def last_suspicion(session: Session, conversation_id: UUID) -> Flag | None:
    """What was suspected last in a conversation, while people have not settled it."""
    waiting = [one.id for one in cases.open_of_conversations(session, [conversation_id]) if one.kind == "suspected"]
    return next(iter(sorted(cases.flags_of(session, waiting), key=lambda flag: flag.at, reverse=True)), None)


def after_staff_message(session: Session, conversation_id: UUID, clock: Clock) -> None:
    """A person answered: the promise is kept."""
    cases.replied(session, conversation_id, clock)


def notice(session: Session, department: str | None, clock: Clock) -> str | None:
    """What to tell somebody who asks for a person out of hours; None while the department's queue is open."""
    queue = queues.route(session, department, "handoff")
    if queue is None or queues.is_open(session, queue, clock.now()):
        return None
    return queue.out_of_hours_text or None


def somebody_there(session: Session, department: str | None, clock: Clock) -> bool:
    """Whether a call can be put through: by the department queue's rota, or by its hours where it has none."""
    queue = queues.route(session, department, "handoff")
    if queue is None:
        return False
    if rota.shifts(session, [queue.id]):
        return bool(rota.people_on_duty(session, queue.id, clock.now()))
    return queues.is_open(session, queue, clock.now())


def tick(sessions: Sessions, clock: Clock) -> int:
    """What time brings: due alarm steps, warnings and breaches, people who vanished, cases that nobody has.

    Every step has a transaction of its own; ticks of several processes side by side do nothing twice.
    """
    done = 0
    with sessions.begin() as session:
        due = [alarm.id for alarm in alarms.due(session, clock.now(), BATCH)]
    for alarm_id in due:
        with sessions.begin() as session:
            done += escalation.tell_due(session, alarm_id, clock)
    steps: Sequence[Callable[[Session, Clock], int]] = (cases.tell_deadlines, assignment.release_vanished)
    for step in steps:
        with sessions.begin() as session:
            done += step(session, clock)
    return done + assignment.assign_waiting(sessions, clock)


def handlers(clock: Clock) -> dict[str, list[Handler]]:
    """The desk's outbox handlers by event name."""

    def raised(session: Session, event: Event) -> None:
        escalation.on_alert_raised(session, event, clock)

    def acknowledged(session: Session, event: Event) -> None:
        escalation.on_alert_acknowledged(session, event, clock)

    def said(session: Session, event: Event) -> None:
        collecting.on_message(session, event, clock)

    return {"alert.raised": [raised], "alert.acknowledged": [acknowledged], "message.added": [said]}


def load_library(session: Session, clock: Clock) -> None:
    """What a new database begins with: announced holidays, queues, shared replies, labels."""
    calendar.load_library(session)
    queues.load_library(session, clock)
    replies.load_library(session, clock)
    labels.load_library(session)
