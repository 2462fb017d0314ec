"""Events go up: rows written in the transaction they tell of, handled later, each by its handlers exactly once."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index, Integer, String, Uuid, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from core_api.kit.clock import Clock
from core_api.kit.db import Base, Sessions, UtcDateTime, new_id
from core_api.kit.faults import described

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 10
UNHANDLED_AT_ONCE = 500
RETRY_BASE_SECONDS = 2
JsonObject = dict[str, Any]


class OutboxEvent(Base):
    """One event; `data` holds ids and codes, never personal data."""

    __tablename__ = "outbox_events"
    __table_args__ = (Index("ix_outbox_events_pending", "handled_at", "next_try_at"),)

    seq: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    id: Mapped[UUID] = mapped_column(Uuid, unique=True)
    name: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[UUID | None] = mapped_column(Uuid)
    data: Mapped[JsonObject] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    last_error: Mapped[str | None] = mapped_column(String(120))


ADD = insert(OutboxEvent.__table__).inline()  # type: ignore[arg-type]  # a mapped class's table is a Table


@dataclass(frozen=True)
class Event:
    """What a handler sees."""

    seq: int
    id: UUID
    name: str
    subject_id: UUID | None
    data: JsonObject
    created_at: datetime


Handler = Callable[[Session, Event], None]


def publish(session: Session, name: str, subject_id: UUID | None, data: JsonObject, clock: Clock | None = None) -> None:
    """Adds an event to the session's transaction; UUIDs in `data` are given as text by the caller."""
    from core_api.kit.clock import SystemClock  # noqa: PLC0415 - the default only

    now = (clock or SystemClock()).now()
    row = {"id": new_id(), "name": name, "subject_id": subject_id, "data": data, "created_at": now, "next_try_at": now}
    session.execute(ADD, row)


def handle_pending(
    sessions: Sessions, handlers: Mapping[str, Sequence[Handler]], clock: Clock, limit: int = 100
) -> int:
    """Handles due events oldest first, each with all its handlers in one transaction with its mark.

    A handler that fails rolls its event back, which is tried again later, up to MAX_ATTEMPTS; other events go on.

    Returns:
        Events handled.
    """
    with sessions() as session:
        session.connection(execution_options={"read_only": True})
        due = session.execute(
            select(OutboxEvent.seq, OutboxEvent.name)
            .where(
                OutboxEvent.handled_at.is_(None),
                OutboxEvent.next_try_at <= clock.now(),
                OutboxEvent.attempts < MAX_ATTEMPTS,
            )
            .order_by(OutboxEvent.seq)
            .limit(max(limit, UNHANDLED_AT_ONCE))
        ).all()
        session.rollback()
    done = _settle(sessions, clock, [seq for seq, name in due if not handlers.get(name)])
    wanted = [seq for seq, name in due if handlers.get(name)][:limit]
    return done + sum(_handle_one(sessions, handlers, clock, seq) for seq in wanted)


def _settle(sessions: Sessions, clock: Clock, seqs: Sequence[int]) -> int:
    """Marks events that nobody handles, which only pages follow, in one statement."""
    if not seqs:
        return 0
    with sessions.begin() as session:
        marked = session.execute(
            update(OutboxEvent)
            .where(OutboxEvent.seq.in_(seqs), OutboxEvent.handled_at.is_(None))
            .values(handled_at=clock.now())
            .execution_options(synchronize_session=False)
        )
    return int(getattr(marked, "rowcount", 0))


def _handle_one(sessions: Sessions, handlers: Mapping[str, Sequence[Handler]], clock: Clock, seq: int) -> int:
    try:
        with sessions.begin() as session:
            if not _claim(session, clock, seq):
                return 0
            row = session.get_one(OutboxEvent, seq)
            for handler in handlers.get(row.name, ()):
                handler(session, event_of(row))
            return 1
    except Exception as error:  # noqa: BLE001 - the edge of one event: the others go on
        log.error("outbox event failed", extra={"seq": seq, "error": described(error)})  # noqa: TRY400 - see faults
        _postpone(sessions, clock, seq, type(error).__name__)
        return 0


def _claim(session: Session, clock: Clock, seq: int) -> bool:
    """Marks the event handled first: the row lock makes a second worker wait, then find nothing to do."""
    claimed = session.execute(
        update(OutboxEvent)
        .where(OutboxEvent.seq == seq, OutboxEvent.handled_at.is_(None))
        .values(handled_at=clock.now())
    )
    return bool(getattr(claimed, "rowcount", 0))


def _postpone(sessions: Sessions, clock: Clock, seq: int, error: str) -> None:
    with sessions.begin() as session:
        row = session.get_one(OutboxEvent, seq)
        row.attempts += 1
        row.last_error = error
        row.next_try_at = clock.now() + timedelta(seconds=RETRY_BASE_SECONDS ** min(row.attempts, 8))


def event_of(row: OutboxEvent) -> Event:
    """A row as handlers and followers see it."""
    return Event(row.seq, row.id, row.name, row.subject_id, row.data, row.created_at)
