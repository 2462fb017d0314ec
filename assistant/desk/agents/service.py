"""Who is at the desk, and whose turn it is."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.desk.agents import repository, rules
from assistant.desk.agents.schemas import Presence, State
from core_api.kit.clock import Clock
from core_api.kit.outbox import publish

CAPACITY = repository.CAPACITY
presence = repository.presence
presences = repository.presences


def say(session: Session, user_id: UUID, state: State, clock: Clock) -> None:
    """Somebody accepts conversations, pauses or leaves."""
    before = rules.state(repository.presence(session, user_id), clock.now())
    repository.touch(session, user_id, clock.now(), state)
    if before != state:
        publish(session, "agent.changed", user_id, {"user_id": str(user_id), "state": state}, clock)


def seen(session: Session, user_id: UUID, clock: Clock) -> None:
    """Somebody is there."""
    repository.touch(session, user_id, clock.now(), None)


def next_in_turn(
    session: Session, candidates: Collection[UUID], loads: Mapping[UUID, int], clock: Clock
) -> UUID | None:
    """Takes the turn of whoever has waited longest; None when nobody accepts, or another took the turn meanwhile.

    One attempt: a refused update keeps its row locked until the transaction ends, and a second row beside it would be
    a deadlock with somebody who went the other way round. The tick asks again within a second.
    """
    free = rules.in_turn(repository.presences(session, candidates), loads, clock.now())
    if free and repository.take_turn(session, free[0].user_id, free[0].turns, clock.now()):
        return free[0].user_id
    return None


def state(found: Presence | None, clock: Clock) -> State:
    return rules.state(found, clock.now())
