"""Verbs on attempts: plan, claim with a lease, commit the dialling, end; each harmless when repeated."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from campaigns.attempts import repository
from campaigns.attempts.rules import ON_THE_LINE
from campaigns.attempts.schemas import Arrived, AttemptState, AttemptView, Dialling, Ended
from core_api.kit.clock import Clock
from core_api.kit.db import new_id

UNKNOWN = "unknown"

pass_gate = repository.pass_gate
live_counts = repository.live_counts
dialled_on = repository.dialled_on
on_the_line = repository.on_the_line
outcome_counts = repository.outcome_counts
ended_since = repository.ended_since
expired = repository.expired
get = repository.get


def plan(session: Session, campaign_id: UUID, whom: Sequence[tuple[UUID, UUID]], wake_at: datetime) -> list[UUID]:
    """Adds planned attempts.

    Args:
        session: That of the claim of the targets.
        campaign_id: Theirs.
        whom: (target, patient) of each.
        wake_at: When they are woken again should their tasks be lost.
    """
    last = repository.last_numbers(session, [target_id for target_id, _ in whom])
    ids = [new_id() for _ in whom]
    rows = [
        {
            "id": attempt_id,
            "campaign_id": campaign_id,
            "target_id": target_id,
            "patient_id": patient_id,
            "number": last.get(target_id, 0) + 1,
            "state": AttemptState.PLANNED,
            "lease_until": wake_at,
            "reached": False,
        }
        for attempt_id, (target_id, patient_id) in zip(ids, whom, strict=True)
    ]
    repository.add_many(session, rows)
    return ids


def claim(session: Session, attempt_id: UUID, owner: str, lease: timedelta, clock: Clock) -> AttemptView | None:
    """Leases a planned attempt to `owner`; None when another worker was first."""
    if not repository.lock_planned(session, attempt_id):
        return None
    values = {"lease_owner": owner, "lease_until": clock.now() + lease}
    if not repository.move(session, attempt_id, AttemptState.LEASED, values):
        return None
    return repository.get(session, attempt_id)


def release(session: Session, attempt: AttemptView, clock: Clock) -> bool:
    """Gives a lease back that ran out before anybody was dialled."""
    values = {"lease_owner": None, "lease_until": clock.now()}
    return repository.move(session, attempt.id, AttemptState.PLANNED, values, owner=attempt.lease_owner)


def keep_lease(session: Session, attempt: AttemptView, until: datetime) -> bool:
    """Prolongs a lease before anybody was dialled; False when it is another's by now."""
    return repository.keep_lease(session, attempt.id, attempt.lease_owner, until)


def withdraw(session: Session, attempt: AttemptView) -> bool:
    """Removes an attempt for which nobody was dialled; False when its lease is another's by now."""
    return repository.withdraw(session, attempt.id, attempt.lease_owner)


def begin_dialling(session: Session, attempt: AttemptView, dialling: Dialling) -> bool:
    """Marks an attempt dialling; to be committed before the carrier is asked.

    Returns:
        False when the lease is lost, or a live call to the patient or the number came first.
    """
    if not repository.hold(session, attempt.id, live_keys(attempt.patient_id, dialling.phone_key)):
        return False
    values = {
        "dialled_on": dialling.day,
        "dialling_at": dialling.at,
        "lease_until": dialling.lease_until,
        "conversation_id": dialling.conversation_id,
        "response_id": dialling.response_id,
    }
    if repository.move(session, attempt.id, AttemptState.DIALLING, values, owner=attempt.lease_owner):
        return True
    repository.let_go(session, attempt.id)
    return False


def arrive(session: Session, call: Arrived) -> bool:
    """Adds a call that the patient made; it counts against no cap.

    Returns:
        False, with rows for the caller to roll back, when a live call to the patient or the number came first.
    """
    last = repository.last_numbers(session, [call.target_id])
    row = {
        **call.model_dump(exclude={"phone_key", "at"}),
        "number": last.get(call.target_id, 0) + 1,
        "state": AttemptState.IN_CALL,
        "dialling_at": call.at,
        "answered_at": call.at,
        "reached": False,
    }
    repository.add_many(session, [row])
    return repository.hold(session, call.id, live_keys(call.patient_id, call.phone_key))


def placed(session: Session, attempt_id: UUID, carrier_sid: str, listen_until: datetime) -> bool:
    """Notes that the carrier took the call; the lease now runs as long as a call may last."""
    values = {"carrier_sid": carrier_sid, "lease_until": listen_until}
    return repository.amend(session, attempt_id, ON_THE_LINE, values)


def answered(session: Session, attempt_id: UUID, clock: Clock) -> bool:
    """Somebody picked up."""
    return repository.move(session, attempt_id, AttemptState.IN_CALL, {"answered_at": clock.now()})


def park(session: Session, attempt_id: UUID, ask_at: datetime) -> bool:
    """Its fate is not known: to be asked of the carrier, never dialled again by itself."""
    return repository.move(session, attempt_id, AttemptState.UNKNOWN, {"lease_until": ask_at})


def listen_until(session: Session, attempt_id: UUID, until: datetime) -> bool:
    """Lets a call that is on the line go on."""
    return repository.amend(session, attempt_id, ON_THE_LINE, {"lease_until": until})


def ask_again_at(session: Session, attempt_id: UUID, at: datetime) -> bool:
    """Puts off the next question to the carrier, or the next waking of a planned attempt."""
    return repository.amend(session, attempt_id, (AttemptState.UNKNOWN, AttemptState.PLANNED), {"lease_until": at})


def end(session: Session, attempt_id: UUID, ended: Ended, clock: Clock) -> bool:
    """Ends an attempt once; one that did not come to dialling counts against no cap.

    Returns:
        False when it had ended already, so that the same outcome told twenty times has one effect.
    """
    values: dict[str, object] = {**ended.model_dump(exclude={"dialled"}), "ended_at": clock.now()}
    if not ended.dialled:
        values["dialled_on"] = None
    moved = repository.move(session, attempt_id, AttemptState.ENDED, values)
    if moved:
        repository.let_go(session, attempt_id)
    return moved


def correct(session: Session, attempt_id: UUID, disposition: str, *, reached: bool) -> bool:
    """Puts the true outcome, told late, in the place of "unknown"; False when there is nothing to correct."""
    return repository.correct(session, attempt_id, UNKNOWN, {"disposition": disposition, "reached": reached})


def hold(session: Session, call_id: UUID, patient_id: UUID, phone_key: str) -> bool:
    """Takes the keys of a live call for one that is no attempt; False while another call has one of them."""
    return repository.hold(session, call_id, live_keys(patient_id, phone_key))


def let_go(session: Session, call_id: UUID) -> None:
    """Frees the keys of a call that is over."""
    repository.let_go(session, call_id)


def of_targets(session: Session, target_ids: Sequence[UUID]) -> dict[UUID, list[AttemptView]]:
    """All tries of some targets, in order."""
    return repository.of_targets(session, target_ids) if target_ids else {}


def in_call(session: Session, patient_id: UUID, phone_key: str) -> tuple[bool, bool]:
    """Whether a live call to the patient, and to the number, is under way in any campaign."""
    patient, phone = live_keys(patient_id, phone_key)
    found = repository.held(session, (patient, phone))
    return patient in found, phone in found


def patient_in_call(session: Session, patient_id: UUID) -> bool:
    """Whether a live call to the patient is under way in any campaign."""
    patient, _ = live_keys(patient_id, "")
    return patient in repository.held(session, (patient,))


def dialled_to_patient(session: Session, patient_id: UUID, day: date) -> int:
    """Calls to a patient on a day, all campaigns together."""
    return repository.dialled_on(session, day, patient_id=patient_id)


def live_keys(patient_id: UUID, phone_key: str) -> tuple[str, str]:
    """The keys that a live call holds."""
    return f"patient:{patient_id.hex}", f"phone:{phone_key}"
