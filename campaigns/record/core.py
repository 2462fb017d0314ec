"""The record as core_api keeps it."""

from collections.abc import Sequence
from datetime import date, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from campaigns.dispositions.schemas import FollowUpStatus
from campaigns.policy.schemas import ContactFacts, Window
from campaigns.record.port import Callee, DueTask, OpenResponse, PatientFlag, PersonLine, TaskFacts, TaskSelection
from core_api.audit import service as audit
from core_api.kit.clock import Clock
from core_api.kit.errors import Invalid, NotFound
from core_api.patients import service as patients
from core_api.patients.schemas import PatientView, Preferences
from core_api.plans import service as plans
from core_api.plans.schemas import TaskFilter
from core_api.responses import service as responses

REPORTED_IN_CALL = "follow_up_call"


class CoreRecord:
    """Adapter to core_api; holds nothing."""

    def due_tasks(
        self, session: Session, selection: TaskSelection, today: date, after_id: UUID | None, limit: int
    ) -> Sequence[DueTask]:
        """Open tasks in order of id: of the selection's dates, else all whose time window is open today."""
        wanted = TaskFilter(
            template_key=selection.template_key,
            site=selection.site,
            stage=selection.stage,
            due_from=selection.due_from,
            due_to=selection.due_to,
        )
        dated = selection.due_from is not None or selection.due_to is not None
        found = plans.due_for_campaign(session, wanted, limit, after_id, today=None if dated else today)
        return [DueTask(task_id=task.id, patient_id=task.patient_id) for task in found]

    def contact_facts(self, session: Session, patient_ids: Sequence[UUID]) -> dict[UUID, ContactFacts]:
        """Facts for the contact policy."""
        views = (_found(session, patient_id) for patient_id in dict.fromkeys(patient_ids))
        return {view.id: _facts(view) for view in views if view is not None}

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
        )

    def task(self, session: Session, task_id: UUID) -> TaskFacts | None:
        """One task."""
        try:
            found = plans.task(session, task_id)
        except NotFound:
            return None
        return TaskFacts(patient_id=found.patient_id, status=found.status, questionnaire_key=found.questionnaire_key)

    def open_response(self, session: Session, task_id: UUID, task: TaskFacts, clock: Clock) -> OpenResponse:
        """Opens the response of a task, or the unfinished one again."""
        view = responses.open_response(session, task_id, task.patient_id, task.questionnaire_key, "voice", clock)
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


def _found(session: Session, patient_id: UUID) -> PatientView | None:
    try:
        return patients.get(session, patient_id)
    except NotFound:
        return None


def _facts(view: PatientView) -> ContactFacts:
    return ContactFacts(
        consent=view.consent,
        do_not_contact=view.do_not_contact,
        deceased=view.deceased,
        has_phone=view.phone is not None,
        wrong_number=view.wrong_number,
        channel=view.preferences.channel,
        preferred=_windows(view.preferences),
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
