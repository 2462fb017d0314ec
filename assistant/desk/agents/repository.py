"""Queries of presence."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from assistant.desk.agents.models import AgentRow
from assistant.desk.agents.schemas import Presence
from core_api.kit.db import add_once

CAPACITY = 8


def presence(session: Session, user_id: UUID) -> Presence | None:
    row = session.get(AgentRow, user_id, populate_existing=True)
    return None if row is None else _presence(row)


def presences(session: Session, user_ids: Collection[UUID] | None = None) -> list[Presence]:
    query = select(AgentRow).execution_options(populate_existing=True)
    if user_ids is not None:
        query = query.where(AgentRow.user_id.in_(user_ids))
    return [_presence(row) for row in session.scalars(query)]


def touch(session: Session, user_id: UUID, now: datetime, state: str | None) -> None:
    """Marks somebody as seen now; makes the row at the first time, as paused unless they say otherwise."""
    values: dict[str, object] = {"last_seen_at": now} | ({"state": state} if state else {})
    statement = update(AgentRow).where(AgentRow.user_id == user_id).values(**values)
    if _changed(session, statement) or _inserted(session, user_id, now, state or "paused"):
        return
    _changed(session, statement)


def take_turn(session: Session, user_id: UUID, turns: int, now: datetime) -> bool:
    """Counts a turn if nobody else gave this person one meanwhile."""
    row = AgentRow
    statement = update(row).where(row.user_id == user_id, row.turns == turns)
    return _changed(session, statement.values(turns=turns + 1, last_assigned_at=now))


def _inserted(session: Session, user_id: UUID, now: datetime, state: str) -> bool:
    row = AgentRow(user_id=user_id, state=state, capacity=CAPACITY, last_seen_at=now, last_assigned_at=None, turns=0)
    return add_once(session, row)


def _changed(session: Session, statement: object) -> bool:
    done = session.execute(statement.execution_options(synchronize_session=False))  # type: ignore[attr-defined]
    return bool(getattr(done, "rowcount", 0))


def _presence(row: AgentRow) -> Presence:
    return Presence.model_validate({name: getattr(row, name) for name in Presence.model_fields})
