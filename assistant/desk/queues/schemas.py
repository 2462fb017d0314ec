"""Queues as they are kept and shown."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from assistant.desk.calendar.schemas import Frozen, Hours

CaseKind = Literal["handoff", "red_flag", "suspected", "unanswered", "advice", "voicemail", "other"]
ClockKind = Literal["working", "wall"]
Skill = str


class QueueIn(Frozen):
    """A queue.

    Attributes:
        department: "" takes cases of every department that has no queue of its own.
        skills: What its cases may ask of those who take them.
        reply_within_minutes: The promise, on working time or by the wall clock.
    """

    name: str = Field(min_length=1, max_length=60)
    department: str = Field(default="", max_length=64)
    skills: tuple[Skill, ...] = ()
    kinds: tuple[CaseKind, ...] = Field(min_length=1)
    hours: tuple[Hours, ...] = ()
    reply_within_minutes: int = Field(ge=1, le=100_000)
    clock: ClockKind = "working"
    warn_before_minutes: int = Field(default=30, ge=0, le=100_000)
    out_of_hours_text: str = Field(default="", max_length=500)
    active: bool = True


class Queue(QueueIn):
    """A queue that is kept."""

    id: UUID


class MemberIn(Frozen):
    user_id: UUID
    skills: tuple[Skill, ...] = ()


class MembersIn(Frozen):
    members: tuple[MemberIn, ...]


class Member(MemberIn):
    queue_id: UUID


class MemberView(MemberIn):
    name: str


class QueueView(Queue):
    open_now: bool
    members: list[MemberView]
    waiting: int
