"""What campaigns need of the record: small views and one port."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from campaigns.dispositions.schemas import FollowUpStatus
from campaigns.policy.schemas import ContactFacts
from campaigns.record.sources import Source
from core_api.kit.clock import Clock
from core_api.plans.source_schemas import CalledFor

OPEN_TASK_STATUSES = frozenset({"planned", "due", "in_progress"})
PatientFlag = Literal["do_not_contact", "deceased", "wrong_number"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class TaskSelection(Frozen):
    """Which due tasks a campaign is for; None does not narrow."""

    template_key: str | None = None
    site: str | None = None
    stage: str | None = None
    due_from: date | None = None
    due_to: date | None = None


class Selection(Frozen):
    """Whom a campaign wants on a day.

    Attributes:
        campaign_id: The campaign, or any id where it is only being thought of.
        today: In the hospital's zone, `zone`.
    """

    campaign_id: UUID
    name: str
    source: Source
    filter: TaskSelection
    today: date
    zone: ZoneInfo


class DueTask(Frozen):
    """A task that a campaign may take up, or one to be made for it.

    Attributes:
        cursor: Its place in the order; the next page comes after it.
        task_id: The task, where there is one already.
        wanted: The task to be made else.
    """

    cursor: UUID
    patient_id: UUID
    task_id: UUID | None = None
    wanted: CalledFor | None = None


class TaskFacts(Frozen):
    """A task as dialling and its outcome need it."""

    patient_id: UUID
    status: str
    questionnaire_key: str
    title: str = ""
    due_on: date | None = None

    @property
    def open(self) -> bool:
        """Whether it still waits for an answer."""
        return self.status in OPEN_TASK_STATUSES


class Callee(Frozen):
    """Whom a call goes to; personal data, never logged."""

    name: str
    salutation: str
    phone_e164: str
    department: str
    elder: bool = False
    persona: str | None = None


class OpenResponse(Frozen):
    """The response that a call fills, and the questionnaire it follows."""

    response_id: UUID
    questionnaire_key: str
    questionnaire_version: int


class PersonLine(Frozen):
    """A patient in a list, masked."""

    patient_name: str
    record_number: str


class Record(Protocol):
    """The record; every verb works in the caller's transaction and never commits."""

    def check_source(self, session: Session, selection: Selection) -> None:
        """Refuses a source that names what is not there."""
        ...

    def due_tasks(self, session: Session, selection: Selection, after: UUID | None, limit: int) -> Sequence[DueTask]:
        """Candidates in order of their cursor, after one of them; nothing is made."""
        ...

    def task_of(self, session: Session, due: DueTask, clock: Clock) -> UUID | None:
        """A candidate's task, made where it is missing; None where it has been called about already."""
        ...

    def context(self, session: Session, task_id: UUID, task: TaskFacts) -> dict[str, str] | None:
        """What the questionnaire's texts name in braces; None where that is not known."""
        ...

    def contact_facts(self, session: Session, patient_ids: Sequence[UUID]) -> dict[UUID, ContactFacts]:
        """Facts for the contact policy; a patient who is not found is not in the result."""
        ...

    def callee(self, session: Session, patient_id: UUID, clock: Clock) -> Callee | None:
        """Whom to call; audited as a read for a call. None when there is no number."""
        ...

    def task(self, session: Session, task_id: UUID) -> TaskFacts | None:
        """One task."""
        ...

    def open_response(
        self, session: Session, task_id: UUID, task: TaskFacts, call_id: UUID, clock: Clock
    ) -> OpenResponse:
        """Opens the response of a task, or the unfinished one again, for a call."""
        ...

    def finish_response(self, session: Session, response_id: UUID, *, completed: bool, clock: Clock) -> None:
        """Evaluates alerts and rechecks of the answers; harmless when repeated."""
        ...

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
        ...

    def after_response(self, session: Session, task_id: UUID, clock: Clock, zone: ZoneInfo) -> None:
        """Plans what follows from the answers."""
        ...

    def flag_patient(self, session: Session, patient_id: UUID, flag: PatientFlag, clock: Clock) -> None:
        """Notes on the patient what a call brought to light."""
        ...

    def people(self, session: Session, patient_ids: Sequence[UUID]) -> dict[UUID, PersonLine]:
        """Masked lines for lists."""
        ...


class CallOutcome(Frozen):
    """What a call came to.

    Attributes:
        disposition: Key of the disposition table; None or unknown keys read as "unknown".
        callback_at: When the patient asked to be called again.
        completed: The questionnaire was answered to its end.
    """

    disposition: str | None
    answered: bool = False
    callback_at: datetime | None = None
    completed: bool = False
    response_id: UUID | None = None
    duration_seconds: int | None = None
