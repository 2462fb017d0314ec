"""The safety gate's verb: every message of a patient, whoever owns the conversation, before any model."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.desk import service as desk
from assistant.desk.calendar.service import zone_of
from assistant.desk.cases.schemas import CaseIn, FlagIn
from assistant.safety import revisions
from assistant.safety.rules import check
from assistant.safety.schemas import Facts, Frozen, RedFlag
from core_api.kit.clock import Clock
from core_api.patients import service as patients
from core_api.treatments import service as treatments

TRANSPLANTS = frozenset({"transplant_kidney", "transplant_liver"})
RETRIEVAL_WINDOW = timedelta(days=21)
"""OHSS after a fresh transfer shows within two to three weeks of retrieval (late onset with pregnancy)."""
PREGNANCY = timedelta(days=290)
SOURCE = "message"
VOICE = "voice"
MAX_REASON_CHARS = 200


class Screened(Frozen):
    """A message to look at."""

    conversation_id: UUID
    message_id: UUID
    patient_id: UUID | None
    channel: str
    text: str | None
    call_id: UUID | None = None
    department: str | None = None


def screen(session: Session, message: Screened, clock: Clock) -> tuple[RedFlag, ...]:
    """The red flags of a message; opens what they ask for, once, in the transaction that keeps the message."""
    if not message.text:
        return ()
    number, rules = revisions.active(session)
    flags = check(message.text, facts_of(session, message.patient_id, clock), rules)
    if flags:
        desk.open_urgent(session, _case(session, message, flags), _flags(message, flags, number), clock)
    return flags


def recheck(session: Session, message: Screened, clock: Clock) -> tuple[RedFlag, ...]:
    """The red flags of a message that was screened before; opens nothing."""
    _, rules = revisions.active(session)
    return check(message.text, facts_of(session, message.patient_id, clock), rules)


def wording(flags: Sequence[RedFlag], channel: str) -> str | None:
    """What the patient is told at once; None without flags.

    Of several families the gravest one's wording is said whole and the others only add what must not be left out
    (the helpline, the pill box): whole wordings one after the other contradict each other (sit up, lie down).
    """
    if not flags:
        return None
    first, *others = sorted(flags, key=lambda flag: flag.gravity)
    if channel == VOICE:
        return first.wording_voice + "".join(flag.also_voice for flag in others)
    return first.wording_chat + "".join(flag.also_chat for flag in others)


def facts_of(session: Session, patient_id: UUID | None, clock: Clock) -> Facts:
    """What the record says of a patient; nothing is known of one who is not identified."""
    if patient_id is None:
        return Facts()
    today = clock.now().astimezone(zone_of(session)).date()
    events = treatments.events(session, patient_id)
    line = patients.lines(session, [patient_id]).get(patient_id)
    kinds = {event.kind for event in events}
    transplanted = bool(kinds & TRANSPLANTS) or (
        line is not None and "移植" in (line.department or "") and line.stage == "术后随访"
    )
    confirmed = [event.occurred_on for event in events if event.kind == "pregnancy_confirmed"]
    delivered = [event.occurred_on for event in events if event.kind == "delivery"]
    transfers = [event.occurred_on for event in events if event.kind == "transfer"]
    return Facts(
        transplant=transplanted,
        after_retrieval=any(today - RETRIEVAL_WINDOW <= day <= today for day in transfers) or None,
        pregnant=any(
            today - PREGNANCY <= day <= today and not any(out >= day for out in delivered) for day in confirmed
        ),
    )


def _case(session: Session, message: Screened, flags: Sequence[RedFlag]) -> CaseIn:
    department = message.department
    if department is None and message.patient_id is not None:
        line = patients.lines(session, [message.patient_id]).get(message.patient_id)
        department = line.department if line else None
    return CaseIn(
        conversation_id=message.conversation_id,
        patient_id=message.patient_id,
        kind="red_flag",
        department=department or "",
        urgency="urgent",
        reason_text="；".join(flag.text for flag in flags)[:MAX_REASON_CHARS],
        source_kind=SOURCE,
        source_id=message.message_id,
        call_id=message.call_id,
    )


def _flags(message: Screened, flags: Sequence[RedFlag], number: int) -> list[FlagIn]:
    return [
        FlagIn(
            message_id=message.message_id, family=flag.family, title=flag.title, rule_key=flag.rule_key, revision=number
        )
        for flag in flags
    ]
