"""Telling who writes, on any channel: two facts of the record, few tries, each of them audited."""

from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from assistant.identifying import repository
from core_api.audit import service as audit
from core_api.kit.clock import Clock
from core_api.kit.crypto import blind
from core_api.kit.errors import Forbidden, Invalid, TooFast
from core_api.patients import identifying
from core_api.patients.identifying import Claim

TRIES_WITHIN = timedelta(minutes=15)
TRIES_OF_WRITER, TRIES_AT_RECORD, TRIES_FROM_ADDRESS = 5, 5, 30


class Writer(BaseModel):
    """Who tries: a visitor's browser or a person on WeChat, and from where, if that is known."""

    model_config = ConfigDict(frozen=True)

    kind: str
    id: UUID
    address: str | None = None


def note_try(session: Session, writer: Writer, claim: Claim, clock: Clock) -> None:
    """Counts a try before it is judged; committed by itself, so that tries made at once see each other."""
    repository.add_tries(session, list(_subjects(session, writer, claim)), clock.now())
    audit.record(session, None, "patient.identify_tried", writer.kind, writer.id, "患者在线核对身份", clock)


def identify(session: Session, writer: Writer, claim: Claim, clock: Clock) -> UUID:
    """The patient whose record has the facts of a claim, after `note_try`; a try that fits is forgotten.

    Raises:
        TooFast: This writer, this record or this address failed too often lately.
        Invalid: The facts fit no record; it is not said which of them does not.
        Forbidden: They fit one that staff have paused.
    """
    subjects = _subjects(session, writer, claim)
    made = repository.tries(session, list(subjects), clock.now() - TRIES_WITHIN)
    if any(made.get(subject, 0) > most for subject, most in subjects.items()):
        raise TooFast("尝试次数过多，请 15 分钟后再试，或者转人工核对", code="too_many_tries")
    patient_id = identifying.identify(session, claim)
    if patient_id is None:
        raise Invalid("填写的信息与档案不符，请核对后再试", code="not_matched")
    if repository.paused(session, patient_id):
        raise Forbidden("这份档案已暂停在线核对，请联系医院工作人员", code="identification_paused")
    repository.drop_tries(session, list(subjects)[:2])
    audit.record(session, None, "patient.identified_in_chat", "patient", patient_id, "患者在线核对身份", clock)
    return patient_id


def forgotten(session: Session, patient_id: UUID, clock: Clock) -> None:
    """Notes that somebody who was known as this patient no longer wants to be."""
    audit.record(session, None, "patient.identity_forgotten", "patient", patient_id, "患者解除身份核对", clock)


def set_paused(session: Session, patient_id: UUID, reason: str, user_id: UUID, clock: Clock, *, paused: bool) -> None:
    """Lets nobody be identified online as a patient any more, or lets them again; who and why are audited."""
    action = "patient.identification_paused" if paused else "patient.identification_opened"
    audit.record(session, user_id, action, "patient", patient_id, reason, clock)
    if paused:
        repository.pause(session, patient_id, user_id, clock.now())
    else:
        repository.open_again(session, patient_id)


paused = repository.paused


def sweep(session: Session, clock: Clock) -> None:
    """Forgets old tries."""
    repository.forget(session, clock.now() - TRIES_WITHIN)


def _subjects(session: Session, writer: Writer, claim: Claim) -> dict[str, int]:
    found = {
        blind(session, "chat.try", f"{writer.kind}:{writer.id}"): TRIES_OF_WRITER,
        blind(session, "chat.try", f"record:{claim.key}"): TRIES_AT_RECORD,
    }
    if writer.address is not None:
        found[blind(session, "chat.try", f"address:{writer.address}")] = TRIES_FROM_ADDRESS
    return found
