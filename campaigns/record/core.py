"""The record as core_api keeps it."""

from collections.abc import Sequence
from datetime import date, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from campaigns.dispositions.schemas import FollowUpStatus
from campaigns.policy.schemas import ContactFacts, Window
from campaigns.record import selection as selecting
from campaigns.record.port import Callee, DueTask, OpenResponse, PatientFlag, PersonLine, Selection, TaskFacts
from campaigns.record.selection import STORAGE_FEE
from core_api.audit import service as audit
from core_api.contracts import service as contracts
from core_api.kit.clock import Clock
from core_api.kit.errors import Invalid, NotFound
from core_api.patients import service as patients
from core_api.patients.schemas import PatientView, Preferences, Reachability
from core_api.plans import called_for
from core_api.plans import service as plans
from core_api.questionnaires import service as questionnaires
from core_api.responses import service as responses

REPORTED_IN_CALL = "follow_up_call"
ELDER_YEARS = 65  # Law on the Protection of the Rights of the Elderly says 60; hearing and pace mostly change later


class CoreRecord:
    """Adapter to core_api; holds nothing."""

    def check_source(self, session: Session, selection: Selection) -> None:
        """Refuses a source that names what is not there."""
        selecting.check(session, selection)

    def due_tasks(self, session: Session, selection: Selection, after: UUID | None, limit: int) -> Sequence[DueTask]:
        """Candidates by cursor: of the filter's dates, else all whose time window is open today."""
        return selecting.candidates(session, selection, after, limit)

    def task_of(self, session: Session, due: DueTask, clock: Clock) -> UUID | None:
        """A candidate's task."""
        return due.task_id if due.wanted is None else selecting.make(session, due.wanted, clock)

    def context(self, session: Session, task_id: UUID, task: TaskFacts) -> dict[str, str] | None:
        """Amounts and dates of the contract that a reminder is about; of the patient's most urgent one else."""
        names = questionnaires.published(session, task.questionnaire_key).context
        if not names:
            return {}
        texts = _fee_texts(session, task_id, task.patient_id)
        return texts if texts is not None and set(names) <= set(texts) else None

    def contact_facts(self, session: Session, patient_ids: Sequence[UUID]) -> dict[UUID, ContactFacts]:
        """Facts for the contact policy, of all patients in one go."""
        return {one.patient_id: _facts(one) for one in patients.reachability(session, patient_ids)}

    def callee(self, session: Session, patient_id: UUID, clock: Clock) -> Callee | None:
        """Whom to call, with an audit row."""
        contact = patients.contact(session, patient_id)
        if not contact.phone_e164:
            return None
        audit.record(session, None, "patient.contact", "patient", patient_id, "随访外呼", clock)
        view = patients.get(session, patient_id)
        return Callee(
            name=contact.name,
            salutation=contact.salutation,
            phone_e164=contact.phone_e164,
            department=view.department or "",
            elder=_is_elder(contact.birth_date, clock.now().date()),
        )

    def task(self, session: Session, task_id: UUID) -> TaskFacts | None:
        """One task."""
        try:
            found = plans.task(session, task_id)
        except NotFound:
            return None
        return TaskFacts(
            patient_id=found.patient_id,
            status=found.status,
            questionnaire_key=found.questionnaire_key,
            title=found.title,
            due_on=found.due_on,
        )

    def open_response(
        self, session: Session, task_id: UUID, task: TaskFacts, call_id: UUID, clock: Clock
    ) -> OpenResponse:
        """Opens the response of a task, or the unfinished one again, for a call."""
        key, person = task.questionnaire_key, task.patient_id
        view = responses.open_response(session, task_id, person, key, "voice", clock, call_id=call_id)
        return OpenResponse(
            response_id=view.id, questionnaire_key=view.questionnaire_key, questionnaire_version=view.version
        )

    def finish_response(self, session: Session, response_id: UUID, *, completed: bool, clock: Clock) -> None:
        """Evaluates alerts and rechecks."""
        responses.finish(session, response_id, completed, clock)

    def set_task_status(
        self,
        session: Session,
        task_id: UUID,
        status: FollowUpStatus,
        response_id: UUID | None,
        reason: str,
        clock: Clock,
    ) -> None:
        """Moves a task."""
        plans.set_task_status(session, task_id, status, response_id=response_id, reason=reason, clock=clock)

    def after_response(self, session: Session, task_id: UUID, clock: Clock, zone: ZoneInfo) -> None:
        """Plans what follows from the answers."""
        plans.after_response(session, task_id, clock, zone)

    def flag_patient(self, session: Session, patient_id: UUID, flag: PatientFlag, clock: Clock) -> None:
        """Notes on the patient what a call brought to light."""
        if flag == "do_not_contact":
            patients.set_do_not_contact(session, patient_id, REPORTED_IN_CALL, clock)
        elif flag == "deceased":
            patients.set_deceased(session, patient_id, REPORTED_IN_CALL, clock)
        else:
            patients.set_wrong_number(session, patient_id, clock)

    def people(self, session: Session, patient_ids: Sequence[UUID]) -> dict[UUID, PersonLine]:
        """Masked lines for lists."""
        views = (_found(session, patient_id) for patient_id in dict.fromkeys(patient_ids))
        return {
            view.id: PersonLine(patient_name=view.name, record_number=view.record_number)
            for view in views
            if view is not None
        }


def _fee_texts(session: Session, task_id: UUID, patient_id: UUID) -> dict[str, str] | None:
    about = called_for.about(session, task_id)
    one = contracts.contract(session, about[1]) if about and about[0] == STORAGE_FEE and about[1] else None
    if one is None:
        running = [found for found in contracts.contracts(session, patient_id) if found.state != "terminated"]
        one = max(running, key=lambda found: found.arrears_fen, default=None)
    return None if one is None else contracts.fee_texts(one)


def _is_elder(born: date | None, today: date) -> bool:
    """Whether somebody is spoken to slowly and offered keys first."""
    return (
        born is not None and today.year - born.year - ((today.month, today.day) < (born.month, born.day)) >= ELDER_YEARS
    )


def _found(session: Session, patient_id: UUID) -> PatientView | None:
    try:
        return patients.get(session, patient_id)
    except NotFound:
        return None


def _facts(known: Reachability) -> ContactFacts:
    return ContactFacts(
        consent=known.consent,
        do_not_contact=known.do_not_contact,
        deceased=known.deceased,
        has_phone=known.has_phone,
        wrong_number=known.wrong_number,
        channel=known.preferences.channel,
        preferred=_windows(known.preferences),
    )


def _windows(preferences: Preferences) -> tuple[Window, ...]:
    """The patient's hours; "24:00" reads as the last minute.

    Raises:
        Invalid: Hours that are none.
    """
    try:
        return tuple(Window(start=_time(one.start), end=_time(one.end)) for one in preferences.contact_windows)
    except ValueError as error:
        raise Invalid("患者的联系时段有误", field="contact_windows") from error


def _time(text: str) -> time:
    return time(23, 59) if text == "24:00" else time.fromisoformat(text)
