"""The safety gate's verb: every message of a patient, whoever owns the conversation, before any model."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.conversations import service as conversations
from assistant.desk import service as desk
from assistant.desk.calendar.service import zone_of
from assistant.desk.cases.schemas import CaseIn, FlagIn
from assistant.desk.queues.schemas import CaseKind
from assistant.safety import revisions
from assistant.safety.rules import check
from assistant.safety.schemas import Facts, FamilyDocument, Frozen, RedFlag, Suspicion
from assistant.safety.suspecting import suspect
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
ASKED, NOTICED, CONFIRMED = "asked", "noticed", "confirmed"
"""What a suspicion's flag says of itself: the patient was asked, only people were told, the patient said yes."""
ASKING = "{question}如果是，请马上拨打120或到最近的急诊，并回复“是”，我立刻通知值班医护；如果不是，请回复“不是”。"
DENIED = (
    "好的，谢谢您告诉我，工作人员还会再看一下您的留言。以后如果出现这样的情况，请马上拨打120或到最近的急诊。"
    "请问还有什么可以帮您？"
)
LOOKED_AT_WITHIN = timedelta(minutes=15)
ANSWERS_WITHIN = 3
"""An answer to the question comes at most so many messages after what it was asked about."""


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
        desk.open_urgent(session, _urgent(session, message, flags), _flags(message, flags, number), clock)
    return flags


def doubt(session: Session, message: Screened, clock: Clock, *, asks: bool) -> Suspicion | None:
    """What a message without a red flag may be speaking of; people are told, in the transaction that keeps it.

    Args:
        session: Of the caller.
        message: What came.
        clock: Now.
        asks: Whether the patient is asked, so that the next answer counts.
    """
    number, rules = revisions.active(session)
    found = suspect(message.text, rules, facts_of(session, message.patient_id, clock))
    if found is not None:
        case = _case(session, message, f"疑似：{found.text}", "suspected")
        due = case.model_copy(update={"urgency": "high", "due_at": clock.now() + LOOKED_AT_WITHIN})
        flag = _flag(message, found, ASKED if asks else NOTICED, number)
        desk.open_suspected(session, due, flag, clock)
    return found


def redoubt(session: Session, message: Screened, clock: Clock) -> Suspicion | None:
    """What a message that was looked at before may be speaking of; opens nothing."""
    _, rules = revisions.active(session)
    return suspect(message.text, rules, facts_of(session, message.patient_id, clock))


def asked_about(session: Session, message: Screened, seq: int) -> str | None:
    """The family that the patient was asked about just before this message; None where none was."""
    flag = desk.last_suspicion(session, message.conversation_id)
    if flag is None or not flag.rule_key.endswith(f".{ASKED}"):
        return None
    earlier = conversations.message(session, message.conversation_id, flag.message_id)
    return flag.family if 0 < seq - earlier.seq <= ANSWERS_WITHIN else None


def confirm(session: Session, message: Screened, family: str, clock: Clock) -> tuple[RedFlag, ...]:
    """The patient says that it is so: the flag of that family, raised as one that the rules find."""
    number, _ = revisions.active(session)
    flags = stated(session, message, family)
    if flags:
        desk.open_urgent(session, _urgent(session, message, flags), _flags(message, flags, number), clock)
    return flags


def stated(session: Session, message: Screened, family: str) -> tuple[RedFlag, ...]:
    """The flag of a family that the patient confirmed; opens nothing."""
    _, rules = revisions.active(session)
    found = (one.document for one in rules.families if one.document.key == family)
    return tuple(_stated(one, message.text or "") for one in found)


def asking(suspicion: Suspicion) -> str:
    """The question to the patient, and what to do meanwhile."""
    return ASKING.format(question=suspicion.question)


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


def _urgent(session: Session, message: Screened, flags: Sequence[RedFlag]) -> CaseIn:
    reason = "；".join(flag.text for flag in flags)
    return _case(session, message, reason, "red_flag").model_copy(update={"urgency": "urgent"})


def _case(session: Session, message: Screened, reason: str, kind: CaseKind) -> CaseIn:
    department = message.department
    if department is None and message.patient_id is not None:
        line = patients.lines(session, [message.patient_id]).get(message.patient_id)
        department = line.department if line else None
    return CaseIn(
        conversation_id=message.conversation_id,
        patient_id=message.patient_id,
        kind=kind,
        department=department or "",
        reason_text=reason[:MAX_REASON_CHARS],
        source_kind=SOURCE,
        source_id=message.message_id,
        call_id=message.call_id,
    )


def _stated(family: FamilyDocument, words: str) -> RedFlag:
    told = family.model_dump(include=set(RedFlag.model_fields) & set(FamilyDocument.model_fields))
    return RedFlag(
        **told, family=family.key, rule_key=f"{family.key}.{CONFIRMED}", words=words, start=0, end=len(words)
    )


def _flag(message: Screened, suspicion: Suspicion, standing: str, number: int) -> FlagIn:
    key = f"{suspicion.family}.{standing}"
    return FlagIn(
        message_id=message.message_id, family=suspicion.family, title=suspicion.title, rule_key=key, revision=number
    )


def _flags(message: Screened, flags: Sequence[RedFlag], number: int) -> list[FlagIn]:
    return [
        FlagIn(
            message_id=message.message_id, family=flag.family, title=flag.title, rule_key=flag.rule_key, revision=number
        )
        for flag in flags
    ]
