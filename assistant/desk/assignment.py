"""Giving cases to people: round robin among those on duty who accept and can."""

from uuid import UUID

from sqlalchemy.orm import Session

from assistant.conversations import service as conversations
from assistant.desk.agents import rules as presence
from assistant.desk.agents import service as agents
from assistant.desk.cases import service as cases
from assistant.desk.cases.schemas import Case
from assistant.desk.queues import rules as routing
from assistant.desk.queues import service as queues
from assistant.desk.rota import service as rota
from core_api.identity import service as identity
from core_api.kit.clock import Clock
from core_api.kit.db import Sessions
from core_api.kit.errors import Conflict


def assign(session: Session, case: Case, clock: Clock, *, but: UUID | None = None) -> UUID | None:
    """Gives an unassigned case to whoever's turn it is; None where nobody on duty accepts: the tick tries again.

    The case is locked before the turn is taken, always in this order.
    """
    case = cases.case(session, case.id, lock=True)
    if case.queue_id is None or case.assignee_id is not None or case.status != "open":
        return None
    able = [one.user_id for one in queues.members(session, [case.queue_id]) if routing.able(one, case.skill)]
    on_duty = set(rota.people_on_duty(session, case.queue_id, clock.now()))
    candidates = [user_id for user_id in able if user_id in on_duty and user_id != but]
    if not candidates:
        return None
    chosen = agents.next_in_turn(session, candidates, cases.loads(session, candidates), clock)
    if chosen is None or not cases.assign(session, case.id, chosen, None, clock):
        return None
    return chosen


def assign_waiting(sessions: Sessions, clock: Clock, limit: int = 20) -> int:
    """Gives out what nobody has, the most urgent first, each in a transaction of its own; tells how many."""
    with sessions.begin() as session:
        waiting = cases.unassigned(session, limit)
    given = 0
    for case in waiting:
        with sessions.begin() as session:
            given += assign(session, case, clock) is not None
    return given


def release_vanished(session: Session, clock: Clock) -> int:
    """Takes conversations and cases back from people who are gone: signed out and silent, or silent for long.

    The conversation waits again, open, and its cases with it: `assign_waiting` gives them to the next in turn.
    """
    silent = [one for one in agents.presences(session) if agents.state(one, clock) == "offline"]
    signed_in = identity.signed_in(session, [one.user_id for one in silent], clock)
    gone = [one for one in silent if presence.is_vanished(one, one.user_id in signed_in, clock.now())]
    return sum(_release(session, one.user_id, clock) for one in gone)


def _release(session: Session, user_id: UUID, clock: Clock) -> int:
    released = 0
    for owned in conversations.owned_by(session, user_id):
        try:
            conversations.transfer_owner(session, owned.id, None, owned.epoch, clock)
        except Conflict:
            continue
        released += 1
    for case in cases.open_assigned_to(session, user_id):
        if cases.assign(session, case.id, None, user_id, clock):
            released += 1
    return released
