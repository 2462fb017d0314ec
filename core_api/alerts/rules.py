"""Deadlines of alerts. Pure."""

from datetime import datetime, timedelta

from core_api.alerts.schemas import Level

ACK_WITHIN: dict[Level, timedelta] = {
    "red": timedelta(minutes=30),
    "orange": timedelta(hours=4),
    "yellow": timedelta(hours=24),
}
"""Time to the acknowledgement by level: the project's own figures, to be confirmed by the hospital."""


def ack_deadline(level: Level, raised_at: datetime) -> datetime:
    """When an alert of this level must have been acknowledged."""
    return raised_at + ACK_WITHIN[level]


def is_overdue(deadline: datetime, acknowledged_at: datetime | None, now: datetime) -> bool:
    """Whether nobody has answered and the deadline is over."""
    return acknowledged_at is None and now > deadline
