"""Calls that people of the hospital dial themselves; they own the conversation from the start."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from assistant import api as assistant
from core_api.kit.clock import Clock
from core_api.kit.errors import Conflict
from telephony.calls import ownership, repository, rules, service
from telephony.calls.schemas import CallRequest, CallSnapshot, Ending

STAFF_CALL: Final = "staff_call"
"""The purpose of such a call's conversation."""
DIALLED: Final = "by_hand.dialled"
NOT_DIALLED: Final = frozenset({rules.NOT_PLACED, rules.GIVEN_UP, "carrier_failed"})
"""What a call may come to that reached nobody's telephone."""


def prepare(session: Session, request: CallRequest, name: str, sentence: str, clock: Clock) -> None:
    """Writes a call down that is dialled once its person is on the line.

    Args:
        session: The transaction.
        request: The call; `dialled_by_id` says whose it is.
        name: As colleagues read it, for the transcript.
        sentence: What the patient will hear first.
        clock: Tells now.
    """
    spec, user_id = request.conversation, request.dialled_by_id
    if user_id is None:
        raise ValueError("nobody dials this call")
    service.register(session, request, clock)
    assistant.open_conversation(
        session, spec.channel, request.patient_id, spec.purpose, clock, conversation_id=spec.conversation_id
    )
    ownership.dial(session, spec.conversation_id, user_id, name, sentence, clock)


def claim(session: Session, call_id: UUID, held_at: str, clock: Clock) -> CallSnapshot | None:
    """Marks that the carrier is about to be asked; None if it was before, so that nobody is dialled twice."""
    found = repository.row(session, call_id, lock=True)
    if found.ended_at is not None or repository.has_event(session, call_id, DIALLED):
        return None
    service.add_event(session, call_id, DIALLED, {}, clock, key=DIALLED)
    found.held_at = held_at or None
    return repository.snapshot(session, found)


def refuse(session: Session, call_id: UUID, code: str, disposition: str, clock: Clock) -> None:
    """The carrier did not take the call: it is over, and nobody tries again by itself."""
    service.add_event(session, call_id, "carrier.refused", {"code": code}, clock)
    service.finish(session, call_id, Ending(disposition=disposition), clock)


def give_up(session: Session, call_id: UUID, clock: Clock) -> str | None:
    """Whoever dialled does not wait for an answer.

    Returns:
        The carrier's id to hang up; None where there is none, or somebody has answered.
    """
    found = repository.row(session, call_id, lock=True)
    if found.ended_at is None and not repository.has_event(session, call_id, DIALLED):
        service.finish(session, call_id, Ending(disposition=rules.GIVEN_UP), clock)
        return None
    return service.interrupt(session, call_id, clock, rules.GIVEN_UP)


def note_result(session: Session, call_id: UUID, disposition: str, clock: Clock) -> None:
    """What the person says that it came to takes the place of what the line knew.

    Raises:
        Conflict: The call is not over.
    """
    found = repository.row(session, call_id, lock=True)
    if found.ended_at is None:
        raise Conflict("通话还没有结束，挂断后再登记结果", code="still_talking")
    found.disposition = disposition
    service.add_event(session, call_id, "by_hand.result", {"disposition": disposition}, clock)


def under_way(session: Session, patient_id: UUID) -> Sequence[UUID]:
    """A patient's calls that are not over, whoever began them."""
    return repository.unfinished_of(session, patient_id)


def dialled_since(session: Session, patient_id: UUID, since: datetime) -> int:
    """Calls to a patient that people dialled since a moment."""
    return repository.dialled_by_hand(session, patient_id, since, NOT_DIALLED)
