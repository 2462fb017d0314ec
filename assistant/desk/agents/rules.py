"""Presence and round robin. Pure."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from assistant.desk.agents.schemas import Presence, State

SILENT_AFTER = timedelta(minutes=3)
"""A page sends a heartbeat a minute; three missed ones mean that nobody is there."""
VANISHED_AFTER = timedelta(minutes=30)
"""Silent this long, an owner loses the conversation though the session is still valid."""
NEVER = datetime.min.replace(tzinfo=UTC)


def state(presence: Presence | None, now: datetime) -> State:
    """What others see: silence is absence."""
    if presence is None or now - presence.last_seen_at > SILENT_AFTER:
        return "offline"
    return presence.state


def is_vanished(presence: Presence, signed_in: bool, now: datetime) -> bool:
    """Whether somebody who owns conversations will not come back to them soon."""
    silent = now - presence.last_seen_at
    return silent > VANISHED_AFTER or (not signed_in and silent > SILENT_AFTER)


def in_turn(candidates: Iterable[Presence], loads: Mapping[UUID, int], now: datetime) -> list[Presence]:
    """Those who may get the next case, the one who has waited longest for one first."""
    free = [one for one in candidates if state(one, now) == "accepting" and loads.get(one.user_id, 0) < one.capacity]
    return sorted(free, key=lambda one: (one.last_assigned_at or NEVER, one.turns, one.user_id))
