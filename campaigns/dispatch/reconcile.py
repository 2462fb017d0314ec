"""Sweeping: leases that ran out, lost tasks, and calls whose fate must be asked of the carrier."""

import logging
from uuid import UUID

from sqlalchemy.orm import Session

from campaigns.attempts import service as attempts
from campaigns.attempts.schemas import AttemptState, AttemptView
from campaigns.dispatch.port import Fate, FateUnknown
from campaigns.dispatch.runtime import CampaignRuntime
from campaigns.record.port import CallOutcome
from core_api.kit.faults import described

log = logging.getLogger(__name__)

LIMIT = 200
NEVER_PLACED = "not_placed"
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
            attempts.ask_again_at(session, attempt.id, now + runtime.settings.ask_every)
    for attempt in doubtful:
        _reconcile_apart(runtime, attempt)
    return lost


def _reconcile_apart(runtime: CampaignRuntime, attempt: AttemptView) -> None:
    """One attempt that fails is asked again in the next round and keeps no other from being settled."""
    try:
        reconcile(runtime, attempt)
    except Exception as error:  # noqa: BLE001 - the edge of one attempt's work in a round
        fields = {"attempt_id": attempt.id, "error": described(error)}
        log.error("an attempt could not be reconciled", extra=fields)  # noqa: TRY400 - see faults


def reconcile(runtime: CampaignRuntime, attempt: AttemptView) -> None:
    """Asks the carrier what became of a call and writes it down."""
    try:
        fate: Fate | None = runtime.dialler.fate(attempt.id)
    except FateUnknown:
        fate = None
    with runtime.sessions.begin() as session:
        disposition = settled(runtime, attempt, fate)
        if disposition is not None:
            runtime.outcomes.apply(session, attempt.id, outcome_of(attempt, fate, disposition))
        else:
            _wait_on(session, runtime, attempt, fate)


def outcome_of(attempt: AttemptView, fate: Fate | None, disposition: str) -> CallOutcome:
    """The outcome that is known without its event; a time that was promised is not lost."""
    answered = attempt.answered_at is not None
    if fate is None or fate.state != "ended":
        return CallOutcome(disposition=disposition, answered=answered)
    return CallOutcome(
        disposition=disposition,
        answered=answered or fate.answered,
        completed=fate.completed,
        callback_at=fate.callback_at,
        response_id=fate.response_id,
    )


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
        attempts.listen_until(session, attempt.id, runtime.clock.now() + runtime.settings.listen_for)
    else:
        attempts.ask_again_at(session, attempt.id, runtime.clock.now() + runtime.settings.ask_every)
