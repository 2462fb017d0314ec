"""Which steps a case gets, and what follows a step. Pure."""

from datetime import datetime, timedelta
from typing import NamedTuple

from assistant.desk.alarms.schemas import Alarm, Ladder, Step

SHIPPED = Ladder(
    deadline_minutes=10,
    repeat_minutes=10,
    steps=(
        Step(ordinal=1, after_minutes=0, who="on_duty", label="值班人员"),
        Step(ordinal=2, after_minutes=3, who="department", label="科室全体"),
        Step(ordinal=3, after_minutes=8, who="administrator", label="值班管理员"),
    ),
)
"""The project's own figures, to be confirmed by the hospital."""


class Next(NamedTuple):
    """A step to add."""

    ordinal: int
    round: int
    due_at: datetime


def due_times(ladder: Ladder, opened_at: datetime) -> list[tuple[Step, datetime]]:
    """The steps of a new case."""
    return [(step, opened_at + timedelta(minutes=step.after_minutes)) for step in ladder.steps]


def deadline(ladder: Ladder, opened_at: datetime) -> datetime:
    return opened_at + timedelta(minutes=ladder.deadline_minutes)


def repetition(told: Alarm, pending: int, now: datetime) -> Next | None:
    """What follows the last step: the same again, until somebody acknowledges; None while steps are left."""
    if pending:
        return None
    return Next(told.ordinal, told.round + 1, now + timedelta(minutes=told.repeat_minutes))


def is_pulled_forward(recipients: int) -> bool:
    """A step that reached nobody does not let the next one wait: an empty rota must not cost minutes."""
    return recipients == 0
