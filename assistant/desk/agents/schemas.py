"""People at the desk."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from assistant.desk.calendar.schemas import Frozen

State = Literal["accepting", "paused", "offline"]


class Presence(Frozen):
    """Somebody's own word, and when they were last there."""

    user_id: UUID
    state: State
    capacity: int
    last_seen_at: datetime
    last_assigned_at: datetime | None
    turns: int


class PresenceIn(Frozen):
    state: State


class QueueName(Frozen):
    id: UUID
    name: str


class AgentView(Frozen):
    """Somebody at the desk as others see them."""

    user_id: UUID
    name: str
    roles: tuple[str, ...]
    state: State
    on_duty: bool
    queues: list[QueueName]
    open: int
    capacity: int
    last_seen_at: datetime | None
