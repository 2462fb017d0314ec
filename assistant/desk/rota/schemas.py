"""Shifts as they are entered and as they fall."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field, model_validator

from assistant.desk.calendar.schemas import CLOCK_TEXT, CalendarDay, Frozen

ShiftKind = Literal["duty", "absence"]


class ShiftIn(Frozen):
    """A shift; `end` not after `start` passes midnight. Recurring (`weekday`) or on one day (`on`).

    Attributes:
        queue_id: Required for duty; an absence without one is from all queues.
        on_holidays: A recurring shift is worked on public holidays too.
    """

    queue_id: UUID | None = None
    user_id: UUID
    kind: ShiftKind = "duty"
    weekday: int | None = Field(default=None, ge=1, le=7)
    on: date | None = None
    start: str = Field(pattern=CLOCK_TEXT)
    end: str = Field(pattern=CLOCK_TEXT)
    on_holidays: bool = False
    valid_from: date | None = None
    valid_until: date | None = None

    @model_validator(mode="after")
    def _sound(self) -> "ShiftIn":
        if (self.weekday is None) == (self.on is None):
            message = "weekday or on, one of them"
            raise ValueError(message)
        if self.kind == "duty" and self.queue_id is None:
            message = "duty needs a queue"
            raise ValueError(message)
        return self


class Shift(ShiftIn):
    """A shift that is kept."""

    id: UUID


class ShiftView(Shift):
    user_name: str


class Span(Frozen):
    """A shift as it falls, aware UTC."""

    shift_id: UUID
    user_id: UUID
    queue_id: UUID
    start: datetime
    end: datetime


class SpanView(Span):
    user_name: str


class RotaView(Frozen):
    shifts: list[ShiftView]
    spans: list[SpanView]
    holidays: list[CalendarDay]


class Person(Frozen):
    user_id: UUID
    name: str
    roles: tuple[str, ...] = ()


class OnDuty(Frozen):
    """Who is on duty for a queue; `until` is when the first of them leaves."""

    queue_id: UUID
    queue_name: str
    users: list[Person]
    until: datetime | None
