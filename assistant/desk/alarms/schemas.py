"""The ladder and its alarms."""

import itertools
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field, model_validator

from assistant.desk.calendar.schemas import Frozen

Who = Literal["on_duty", "department", "administrator"]


class Step(Frozen):
    """Who is told how long after the case opened."""

    ordinal: int = Field(ge=1, le=20)
    after_minutes: int = Field(ge=0, le=24 * 60)
    who: Who
    label: str = Field(min_length=1, max_length=60)


class Ladder(Frozen):
    """Steps in order; after the last one it repeats every `repeat_minutes` until somebody acknowledges."""

    deadline_minutes: int = Field(ge=1, le=24 * 60)
    repeat_minutes: int = Field(ge=1, le=24 * 60)
    steps: tuple[Step, ...] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def _in_order(self) -> "Ladder":
        ordered = [(step.ordinal, step.after_minutes) for step in self.steps]
        rising = all(a[0] < b[0] and a[1] <= b[1] for a, b in itertools.pairwise(ordered))
        if not rising:
            message = "steps rise in ordinal and time"
            raise ValueError(message)
        return self


class Alarm(Frozen):
    """One step of one case."""

    id: UUID
    case_id: UUID
    ordinal: int
    round: int
    who: Who
    label: str
    due_at: datetime
    repeat_minutes: int
    told_at: datetime | None
    cancelled_at: datetime | None
