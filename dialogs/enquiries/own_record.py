"""The patient's own facts, read from the record; every reading leaves an audit row."""

from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core_api.audit import service as audit
from core_api.contracts import service as contracts
from core_api.kit.clock import Clock
from core_api.kit.db import Sessions
from core_api.patients import identifying
from core_api.patients import service as patients
from core_api.plans import service as plans
from core_api.plans.schemas import EVENT_TITLES
from core_api.treatments import service as treatments
from dialogs.enquiries.schemas import OwnArrears, OwnEvent, OwnVisit
from dialogs.hotline.schemas import Confirmed, Proof

OPEN = frozenset({"planned", "due", "in_progress"})


class RecordOfPatient:
    """The `OwnRecord` port over the record."""

    def __init__(self, sessions: Sessions, clock: Clock, zone: ZoneInfo) -> None:
        self._sessions, self._clock, self._zone = sessions, clock, zone

    def events(self, patient_id: UUID, kinds: tuple[str, ...]) -> tuple[OwnEvent, ...]:
        """The patient's events of some kinds, the latest first."""
        with self._sessions.begin() as session:
            self._audit(session, patient_id, "本人查询治疗日期")
            found = [event for event in treatments.events(session, patient_id) if event.kind in kinds]
        ordered = sorted(found, key=lambda event: event.occurred_on, reverse=True)
        return tuple(OwnEvent(title=EVENT_TITLES[one.kind], occurred_on=one.occurred_on) for one in ordered)

    def next_visit(self, patient_id: UUID) -> OwnVisit | None:
        """The next open follow-up."""
        with self._sessions.begin() as session:
            self._audit(session, patient_id, "本人查询随访安排")
            views = plans.plans_of(session, patient_id, self._today())
        tasks = [task for plan in views if plan.status == "active" for task in plan.tasks if task.status in OPEN]
        first = min(tasks, key=lambda task: task.due_on, default=None)
        return None if first is None else OwnVisit(title=first.title, due_on=first.due_on)

    def arrears(self, patient_id: UUID) -> OwnArrears | None:
        """What is owed; None without a storage contract."""
        with self._sessions.begin() as session:
            self._audit(session, patient_id, "本人查询冷冻保存费")
            kept = [one for one in contracts.contracts(session, patient_id) if one.state != "terminated"]
        if not kept:
            return None
        due = min((one.due_on for one in kept if one.due_on), default=None)
        return OwnArrears(arrears_fen=sum(one.arrears_fen for one in kept), due_on=due)

    def confirm(self, candidates: tuple[UUID, ...], proof: Proof) -> Confirmed | None:
        """The one of some patients whose record has a second fact; the answer is audited."""
        with self._sessions.begin() as session:
            found = identifying.confirm(session, candidates, proof.birth_date, proof.tail)
            if found is None:
                return None
            audit.record(session, None, "patient.identified_by_phone", "patient", found, "来电核对身份", self._clock)
            contact = patients.contact(session, found)
            department = patients.get(session, found).department
        return Confirmed(patient_id=found, salutation=contact.salutation, department=department or "")

    def _today(self) -> date:
        return self._clock.now().astimezone(self._zone).date()

    def _audit(self, session: Session, patient_id: UUID, purpose: str) -> None:
        audit.record(session, None, "patient.read_own", "patient", patient_id, purpose, self._clock)
