"""Deadlines and ranks of cases. Pure."""

from datetime import datetime, timedelta

from assistant.desk.calendar.rules import add_working
from assistant.desk.calendar.schemas import WorkingTime
from assistant.desk.cases.schemas import Case, Deadline, Sla, SlaState, Urgency
from assistant.desk.queues.schemas import CaseKind, Queue

RANKS: dict[Urgency, int] = {"urgent": 0, "high": 1, "normal": 2}
SKILLS: dict[CaseKind, str] = {"advice": "clinical", "suspected": "clinical"}
RED_FLAG_WARN_SHARE = 0.5


def deadline(opened_at: datetime, queue: Queue, working: WorkingTime) -> Deadline:
    """The deadline of a case in a queue: the queue's promise on the queue's clock; never before it opened."""
    minutes, early = queue.reply_within_minutes, min(queue.warn_before_minutes, queue.reply_within_minutes)
    if queue.clock == "wall":
        due = opened_at + timedelta(minutes=minutes)
        return Deadline(clock="wall", due_at=due, warn_at=due - timedelta(minutes=early))
    return Deadline(
        clock="working",
        due_at=add_working(opened_at, minutes, working),
        warn_at=add_working(opened_at, minutes - early, working),
    )


def urgent_deadline(opened_at: datetime, due_at: datetime) -> Deadline:
    """The deadline of a red flag: minutes by the wall clock, at any hour."""
    return Deadline(clock="wall", due_at=due_at, warn_at=opened_at + (due_at - opened_at) * RED_FLAG_WARN_SHARE)


def sla(case: Case, now: datetime) -> Sla:
    """How the promise of a case stands."""
    if case.due_at is None:
        return Sla(state="none", due_at=None, clock=None)
    return Sla(state=_state(case, case.due_at, now), due_at=case.due_at, clock=case.clock)


def _state(case: Case, due_at: datetime, now: datetime) -> SlaState:
    if case.met_at is not None:
        return "met" if case.met_at <= due_at else "breached"
    if now >= due_at:
        return "breached"
    return "due_soon" if case.warn_at is not None and now >= case.warn_at else "running"
