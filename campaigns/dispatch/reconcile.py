"""Sweeping: leases that ran out, lost tasks, and calls whose fate must be asked of the carrier."""

from uuid import UUID

from sqlalchemy.orm import Session

from campaigns.attempts import service as attempts
from campaigns.attempts.schemas import AttemptState, AttemptView
from campaigns.dispatch.port import Fate, FateUnknown
from campaigns.dispatch.runtime import CampaignRuntime
from campaigns.record.port import CallOutcome

LIMIT = 200
NEVER_PLACED = "carrier_failed"
UNKNOWN = "unknown"


def sweep(runtime: CampaignRuntime) -> list[UUID]:
    """Puts right what a crash left behind; a dialled number is never simply dialled again.

    Returns:
        Planned attempts to run again, because the task that should have run them is lost.
    """
    now = runtime.clock.now()
    with runtime.sessions.begin() as session:
        for held in attempts.expired(session, AttemptState.LEASED, now, LIMIT):
            attempts.release(session, held, runtime.clock)
        for state in (AttemptState.DIALLING, AttemptState.IN_CALL):
            for silent in attempts.expired(session, state, now, LIMIT):
                attempts.park(session, silent.id, now)
        lost = [one.id for one in attempts.expired(session, AttemptState.PLANNED, now, LIMIT)]
        for attempt_id in lost:
            attempts.ask_again_at(session, attempt_id, now + runtime.settings.wake_after)
        doubtful = attempts.expired(session, AttemptState.UNKNOWN, now, LIMIT)
    for attempt in doubtful:
        reconcile(runtime, attempt)
    return lost


def reconcile(runtime: CampaignRuntime, attempt: AttemptView) -> None:
    """Asks the carrier what became of a call and writes it down."""
    try:
        fate: Fate | None = runtime.dialler.fate(attempt.id)
    except FateUnknown:
        fate = None
    with runtime.sessions.begin() as session:
        disposition = settled(runtime, attempt, fate)
        if disposition is not None:
            answered = attempt.answered_at is not None or (fate is not None and fate.state == "ended")
            runtime.outcomes.apply(session, attempt.id, CallOutcome(disposition=disposition, answered=answered))
        else:
            _wait_on(session, runtime, attempt, fate)


def settled(runtime: CampaignRuntime, attempt: AttemptView, fate: Fate | None) -> str | None:
    """The disposition that can be told from a fate; None when the carrier is to be asked again."""
    age = runtime.clock.now() - (attempt.dialling_at or runtime.clock.now())
    if fate is not None and fate.state == "ended" and fate.disposition is not None:
        return fate.disposition
    if fate is not None and fate.state == "not_found" and age >= runtime.settings.not_found_after:
        return NEVER_PLACED
    return UNKNOWN if age >= runtime.settings.give_up_after else None


def _wait_on(session: Session, runtime: CampaignRuntime, attempt: AttemptView, fate: Fate | None) -> None:
    if fate is not None and fate.state == "in_progress":
        attempts.answered(session, attempt.id, runtime.clock)
        attempts.listen_until(session, attempt.id, runtime.clock.now() + runtime.listen_for)
    else:
        attempts.ask_again_at(session, attempt.id, runtime.clock.now() + runtime.settings.ask_every)
