"""The `Record` port over dictionaries; it keeps what campaigns wrote."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from campaigns.policy.schemas import ContactFacts
from campaigns.record.port import Callee, DueTask, OpenResponse, PatientFlag, PersonLine, Selection, TaskFacts
from core_api.kit.clock import Clock
from core_api.kit.db import new_id

WILLING = ContactFacts(consent="granted", do_not_contact=False, deceased=False, has_phone=True, wrong_number=False)


class FakeRecord:
    """Patients and tasks in memory, one task each unless told otherwise."""

    def __init__(self) -> None:
        self.tasks: dict[UUID, TaskFacts] = {}
        self.contacts: dict[UUID, ContactFacts] = {}
        self.phones: dict[UUID, str] = {}
        self.finished: list[tuple[UUID, bool]] = []
        self.planned_after: list[UUID] = []
        self.statuses: list[tuple[UUID, str]] = []
        self.contexts: dict[UUID, dict[str, str] | None] = {}
        self.flags: Counter[tuple[UUID, str]] = Counter()

    def add(self, count: int = 1, facts: ContactFacts = WILLING, phone: str | None = None) -> list[UUID]:
        """Adds patients with a due task each; returns the tasks."""
        return [self.add_task(new_id(), facts, phone) for _ in range(count)]

    def add_task(self, patient_id: UUID, facts: ContactFacts = WILLING, phone: str | None = None) -> UUID:
        task_id = new_id()
        self.contacts[patient_id] = facts
        self.phones.setdefault(patient_id, phone or f"+86154{len(self.phones):08d}")
        self.tasks[task_id] = TaskFacts(patient_id=patient_id, status="due", questionnaire_key="kidney_transplant")
        return task_id

    def check_source(self, session: Session, selection: Selection) -> None:
        """Every source is sound."""

    def due_tasks(self, session: Session, selection: Selection, after: UUID | None, limit: int) -> Sequence[DueTask]:
        open_ids = sorted(key for key, task in self.tasks.items() if task.open and (after is None or key > after))
        return [DueTask(cursor=key, task_id=key, patient_id=self.tasks[key].patient_id) for key in open_ids[:limit]]

    def task_of(self, session: Session, due: DueTask, clock: Clock) -> UUID | None:
        return due.task_id

    def context(self, session: Session, task_id: UUID, task: TaskFacts) -> dict[str, str] | None:
        return self.contexts.get(task_id, {})

    def contact_facts(self, session: Session, patient_ids: Sequence[UUID]) -> dict[UUID, ContactFacts]:
        return {key: self.contacts[key] for key in patient_ids if key in self.contacts}

    def callee(self, session: Session, patient_id: UUID, clock: Clock) -> Callee | None:
        phone = self.phones[patient_id]
        return Callee(name="王小明", salutation="王先生", phone_e164=phone, department="移植科") if phone else None

    def task(self, session: Session, task_id: UUID) -> TaskFacts | None:
        return self.tasks.get(task_id)

    def open_response(
        self, session: Session, task_id: UUID, task: TaskFacts, call_id: UUID, clock: Clock
    ) -> OpenResponse:
        key = task.questionnaire_key
        return OpenResponse(response_id=uuid5(task_id, key), questionnaire_key=key, questionnaire_version=1)

    def finish_response(self, session: Session, response_id: UUID, *, completed: bool, clock: Clock) -> None:
        self.finished.append((response_id, completed))

    def set_task_status(
        self, session: Session, task_id: UUID, status: str, response_id: UUID | None, reason: str, clock: Clock
    ) -> None:
        self.statuses.append((task_id, status))
        self.tasks[task_id] = self.tasks[task_id].model_copy(update={"status": status})

    def after_response(self, session: Session, task_id: UUID, clock: Clock, zone: ZoneInfo) -> None:
        self.planned_after.append(task_id)

    def flag_patient(self, session: Session, patient_id: UUID, flag: PatientFlag, clock: Clock) -> None:
        self.flags[patient_id, flag] += 1

    def people(self, session: Session, patient_ids: Sequence[UUID]) -> dict[UUID, PersonLine]:
        return {key: PersonLine(patient_name="王**", record_number="R1") for key in patient_ids}
