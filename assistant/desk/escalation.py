"""Red flags at the desk: the urgent case, its ladder, and the one acknowledgement of case and alert (ADR 4).

A case whose patient is known has an alert, and the alert's row decides who acknowledged it; the case's own mark follows
in the same transaction, or by "alert.acknowledged" when it was answered at the alert. Without a patient there is no
alert and the case's row decides.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.desk import assignment
from assistant.desk.alarms import service as alarms
from assistant.desk.alarms.schemas import Who
from assistant.desk.cases import service as cases
from assistant.desk.cases.schemas import Case, CaseIn, FlagIn
from assistant.desk.notes import service as notes
from assistant.desk.queues import service as queues
from assistant.desk.rota import service as rota
from core_api.alerts import service as alerts
from core_api.alerts.schemas import AlertIn
from core_api.audit import service as audit
from core_api.identity import service as identity
from core_api.identity.rules import ADMINISTRATOR
from core_api.kit.clock import Clock, SystemClock
from core_api.kit.errors import Conflict, NotFound
from core_api.kit.outbox import Event
from core_api.kit.web import CurrentUser
from core_api.patients import service as patients

FROM_ALERT = "alert"
FROM_CASE = "case"


def open_urgent(session: Session, new: CaseIn, flags: Sequence[FlagIn], clock: Clock) -> UUID:
    """Opens a red-flag case with its alert, gives it to somebody and starts the ladder; once per source.

    A conversation's further flags join the case that is open for the same family, or that nobody has acknowledged yet.
    """
    earlier = _open_flagged(session, new.conversation_id, flags)
    if earlier is not None:
        cases.add_flags(session, earlier.id, flags, clock)
        cases.tell(session, "case.changed", earlier, clock)
        return earlier.id
    due_at = new.due_at or alarms.deadline(session, clock)
    case_id, opened = cases.open_case(session, new.model_copy(update={"due_at": due_at, "urgency": "urgent"}), clock)
    cases.add_flags(session, case_id, flags, clock)
    if opened:
        _raise_alert(session, cases.case(session, case_id), flags, clock)
        assignment.assign(session, cases.case(session, case_id), clock)
        alarms.start(session, case_id, recipients, clock)
    return case_id


def acknowledge(session: Session, case_id: UUID, actor: CurrentUser, note: str, clock: Clock) -> Case:
    """Says that one has seen a case, and its alert with it; ends the ladder.

    Raises:
        NotFound: There is no such case.
        Conflict: Somebody has acknowledged it already, here or at the alert.
    """
    found = cases.case(session, case_id, lock=True)
    if found.acknowledged_at is not None:
        raise Conflict("这个工单已由他人确认，请刷新后查看", code="already_acknowledged")
    if found.alert_id is not None:
        alerts.acknowledge(session, found.alert_id, actor, note, clock)
    cases.acknowledge(session, case_id, actor.id, clock)
    alarms.silence(session, case_id, clock)
    if note.strip():
        notes.add_note(session, found.conversation_id, case_id, actor.id, note, clock)
    audit.record(session, actor.id, "case.acknowledge", "case", case_id, "确认危险信号", clock)
    return cases.case(session, case_id)


def tell_due(session: Session, alarm_id: UUID, clock: Clock) -> bool:
    """Tells one due step, unless its case was settled meanwhile."""
    alarm = alarms.waiting(session, alarm_id)
    if alarm is None:
        return False
    found = cases.case(session, alarm.case_id, lock=True)
    if _settled(session, found, clock):
        alarms.silence(session, found.id, clock)
        return False
    return alarms.tell(session, alarm, recipients, clock)


def recipients(session: Session, case_id: UUID, who: Who, at: datetime) -> Collection[UUID]:
    """Who is meant by a step of the ladder."""
    found = cases.case(session, case_id)
    if who == "on_duty":
        return _on_duty(session, found, at)
    if who == "department":
        return queues.department_members(session, found.department or None)
    everybody = [one.id for one in identity.staff(session) if ADMINISTRATOR in one.roles]
    on_duty = {span.user_id for span in rota.on_duty(session, at)}
    return [user_id for user_id in everybody if user_id in on_duty] or everybody


def on_alert_raised(session: Session, event: Event, clock: Clock | None = None) -> None:
    """A red alert from elsewhere (a questionnaire, a laboratory value) becomes an urgent case too."""
    if event.data.get("level") != "red" or event.subject_id is None:
        return
    now = clock or SystemClock()
    raised = alerts.alert(session, event.subject_id, now)
    if raised.source_kind == FROM_CASE or raised.acknowledged_at is not None:
        return
    department = _department(session, raised.patient_id)
    new = CaseIn(
        patient_id=raised.patient_id,
        kind="red_flag",
        department=department,
        urgency="urgent",
        reason_text=raised.text[:200],
        source_kind=FROM_ALERT,
        source_id=raised.id,
        call_id=raised.call_id,
        alert_id=raised.id,
        due_at=raised.ack_deadline,
    )
    open_urgent(session, new, (), now)


def on_alert_acknowledged(session: Session, event: Event, clock: Clock | None = None) -> None:
    """An alert that was acknowledged settles its case."""
    case_id = cases.by_alert(session, event.subject_id) if event.subject_id else None
    if case_id is not None:
        _settled(session, cases.case(session, case_id, lock=True), clock or SystemClock())
        alarms.silence(session, case_id, clock or SystemClock())


def _settled(session: Session, found: Case, clock: Clock) -> bool:
    """Whether nobody need be told any more; brings the case's mark up to its alert's."""
    if found.acknowledged_at is not None or found.status == "resolved":
        return True
    if found.alert_id is None:
        return False
    try:
        alert = alerts.alert(session, found.alert_id, clock)
    except NotFound:
        return False
    if alert.acknowledged_at is None:
        return False
    cases.acknowledge(session, found.id, alert.acknowledged_by_id, clock)
    return True


def _open_flagged(session: Session, conversation_id: UUID | None, flags: Sequence[FlagIn]) -> Case | None:
    if conversation_id is None or not flags:
        return None
    earlier = [one for one in cases.open_of_conversations(session, [conversation_id]) if one.kind == "red_flag"]
    families = {flag.family for flag in flags}
    known = cases.flags_of(session, [one.id for one in earlier])
    same = {flag.case_id for flag in known if flag.family in families}
    return next((one for one in earlier if one.acknowledged_at is None or one.id in same), None)


def _raise_alert(session: Session, opened: Case, flags: Sequence[FlagIn], clock: Clock) -> None:
    if opened.patient_id is None or opened.alert_id is not None or opened.due_at is None:
        return
    alert = AlertIn(
        patient_id=opened.patient_id,
        level="red",
        rule_key=flags[0].rule_key if flags else opened.source_kind,
        text=opened.reason_text,
        source_kind=FROM_CASE,
        source_id=opened.id,
        call_id=opened.call_id,
        ack_deadline=opened.due_at,
    )
    cases.set_alert(session, opened.id, alerts.raise_alert(session, alert, clock))


def _on_duty(session: Session, found: Case, at: datetime) -> list[UUID]:
    people = rota.people_on_duty(session, found.queue_id, at) if found.queue_id else []
    return [*([found.assignee_id] if found.assignee_id else []), *people]


def _department(session: Session, patient_id: UUID) -> str:
    line = patients.lines(session, [patient_id]).get(patient_id)
    return (line.department if line else None) or ""
