"""Verbs on calls dialled by hand: whether one may, the call itself, what it came to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from assistant import api as assistant
from campaigns.attempts import service as attempts
from campaigns.dials import repository, rules
from campaigns.dials.models import StaffDial
from campaigns.dials.schemas import DialCheck, DialIn, DialRefused, DialResult, DialSettings, DialView, Obstacle
from campaigns.policy import rules as policy_rules
from campaigns.policy import service as policy
from campaigns.policy.schemas import REASON_LABELS, PolicyRules
from campaigns.record.port import Callee, Record
from core_api.alerts import service as alerts
from core_api.alerts.schemas import AlertFilter
from core_api.audit import service as audit
from core_api.kit.crypto import blind, seal
from core_api.kit.db import new_id
from core_api.kit.errors import Forbidden, Invalid, NotFound
from core_api.kit.outbox import Event
from core_api.kit.web import CurrentUser, Runtime
from telephony import api as telephony

MAX_CALL_SECONDS = 3600
RING_SECONDS = 45
CALL_BACK = "约定回电"
DISPOSITIONS = {
    "reached": "talked",
    "no_answer": "no_answer",
    "busy": "busy",
    "wrong_number": "wrong_number",
    "call_back": "callback",
}


class Dialling:
    """What dialling by hand works with.

    Args:
        runtime: The process's.
        voice: Telephony's.
        record: The record.
        settings: How people call.
    """

    def __init__(
        self, runtime: Runtime, voice: telephony.TelephonyRuntime, record: Record, settings: DialSettings
    ) -> None:
        self._runtime = runtime
        self._voice = voice
        self._record = record
        self._settings = settings

    def check(self, session: Session, patient_id: UUID) -> DialCheck:
        """Whether a patient may be called now, by which number, and what stands against it."""
        now, clock = self._runtime.clock.now(), self._runtime.clock
        allowed = self._rules(session, now)
        decision = policy_rules.decide(
            self._record.contact_facts(session, [patient_id]).get(patient_id),
            policy.load_by_hand(session, patient_id, allowed, now),
            allowed,
            now,
        )
        danger = bool(alerts.list_alerts(session, _red(patient_id), clock, limit=1).total)
        found = rules.obstacles(decision.reasons, danger=danger)
        under_way = telephony.under_way(session, patient_id)
        return DialCheck(
            allowed=not found,
            needs_reason=bool(found) and all(one.overridable for one in found),
            obstacles=found,
            next_allowed_at=decision.next_allowed_at,
            danger=danger,
            call_id=under_way[0] if under_way else None,
            pace=self._voice.carrier(self._settings.carrier).pace,
        )

    def begin(self, session: Session, wanted: DialIn, user: CurrentUser) -> UUID:
        """Prepares a call; it is dialled once the person's page is on the line.

        Raises:
            DialRefused: A rule forbids it, or one that may be set aside was, without a reason.
        """
        checked = self.check(session, wanted.patient_id)
        if not checked.allowed and not (checked.needs_reason and wanted.reason):
            raise self._refused(checked.obstacles, checked.next_allowed_at)
        callee = self._record.callee(session, wanted.patient_id, self._runtime.clock)
        if callee is None:
            raise self._refused([_binding("no_phone")])
        call_id = new_id()
        if not attempts.hold(session, call_id, wanted.patient_id, blind(session, "phone", callee.phone_e164)):
            raise self._refused([_binding("phone_in_call")])
        telephony.prepare_by_hand(session, self._voice, self._request(call_id, wanted, callee, user), user.display_name)
        self._note(session, call_id, wanted, checked.obstacles, user)
        return call_id

    def close(self, session: Session, call_id: UUID, said: DialResult, user: CurrentUser) -> DialView:
        """Writes down what a call came to; said again, the last word counts.

        Raises:
            NotFound: No such call was dialled.
            Forbidden: Somebody else dialled it.
            Invalid: A call back that is promised for the past.
            Conflict: The call is not over.
        """
        found = repository.row(session, call_id, lock=True)
        if found is None:
            raise NotFound("没有这通电话")
        if found.user_id != user.id:
            raise Forbidden("这通电话由同事拨出，结果由拨打的人登记")
        clock = self._runtime.clock
        if said.call_back_at is not None and said.call_back_at <= clock.now():
            raise Invalid("再拨时间要晚于现在", field="call_back_at")
        telephony.note_result(session, call_id, DISPOSITIONS[said.result], clock)
        found.result, found.call_back_at, found.noted_at = said.result, said.call_back_at, clock.now()
        found.note_sealed = seal(session, repository.NOTE, call_id, said.note or None)
        if said.result == "wrong_number":
            self._record.flag_patient(session, found.patient_id, "wrong_number", clock)
        if said.call_back_at is not None:
            self._promise(session, found, said.call_back_at)
        audit.record(session, user.id, "call.result", "call", call_id, f"登记通话结果：{said.result}", clock)
        session.flush()
        return repository.view(session, found)

    def _promise(self, session: Session, found: StaffDial, at: datetime) -> None:
        """A promised call back is a case at the desk, due at its time."""
        new = assistant.CaseIn(
            patient_id=found.patient_id,
            kind="other",
            department=telephony.spec_of(session, found.id).department,
            reason_text=CALL_BACK,
            source_kind="staff_dial",
            source_id=found.id,
            call_id=found.id,
            due_at=at,
        )
        assistant.open_case(session, new, self._runtime.clock)

    def _rules(self, session: Session, now: datetime) -> PolicyRules:
        return PolicyRules(
            zone=self._runtime.zone,
            window=self._settings.window,
            holidays=policy.holidays(session, self._runtime.zone, now),
            patient_daily_cap=self._settings.patient_daily_cap,
        )

    def _request(self, call_id: UUID, wanted: DialIn, callee: Callee, user: CurrentUser) -> telephony.CallRequest:
        conversation = telephony.ConversationSpec(
            conversation_id=new_id(),
            purpose=telephony.STAFF_CALL,
            patient_id=wanted.patient_id,
            hospital_name=self._runtime.hospital_name,
            department=callee.department,
            salutation=callee.salutation,
            full_name=callee.name,
            elder=callee.elder,
        )
        return telephony.CallRequest(
            call_id=call_id,
            patient_id=wanted.patient_id,
            phone_e164=callee.phone_e164,
            carrier=self._settings.carrier,
            conversation=conversation,
            ring_timeout_seconds=RING_SECONDS,
            max_seconds=MAX_CALL_SECONDS,
            idempotency_key=str(call_id),
            caller_id=self._settings.caller_ids.get(callee.department),
            dialled_by_id=user.id,
        )

    def _note(
        self, session: Session, call_id: UUID, wanted: DialIn, overridden: list[Obstacle], user: CurrentUser
    ) -> None:
        codes, clock = ",".join(one.code for one in overridden), self._runtime.clock
        dial = StaffDial(
            id=call_id,
            patient_id=wanted.patient_id,
            user_id=user.id,
            source_kind=wanted.source_kind,
            source_id=wanted.source_id,
            overridden=codes,
            reason_sealed=seal(session, repository.REASON, call_id, wanted.reason if codes else None),
            dialled_at=clock.now(),
        )
        repository.add(session, dial)
        action, purpose = ("call.dial_override", f"人工拨打，说明理由后越过规则：{codes}") if codes else (
            "call.dial", "人工拨打")  # fmt: skip
        audit.record(session, user.id, action, "patient", wanted.patient_id, purpose, clock)

    def _refused(self, found: list[Obstacle], next_allowed_at: datetime | None = None) -> DialRefused:
        return DialRefused(rules.refusal(found, next_allowed_at, self._runtime.zone), found)


def view(session: Session, call_id: UUID) -> DialView:
    """One call dialled by hand.

    Raises:
        NotFound: No such call was dialled.
    """
    found = repository.row(session, call_id)
    if found is None:
        raise NotFound("没有这通电话")
    return repository.view(session, found)


def on_call_ended(session: Session, event: Event) -> None:
    """Handler of "call.ended": patient and number may be called again."""
    if event.data.get("dialled_by_id"):
        attempts.let_go(session, UUID(str(event.data["call_id"])))


def _red(patient_id: UUID) -> AlertFilter:
    return AlertFilter(status="open", level="red", patient_id=patient_id)


def _binding(code: str) -> Obstacle:
    labels: dict[str, str] = {str(one): text for one, text in REASON_LABELS.items()}
    return Obstacle(code=code, label=labels[code], overridable=False)
