from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core_api.kit.clock import FixedClock
from core_api.kit.db import new_id
from core_api.kit.errors import Invalid, NotFound
from core_api.kit.outbox import OutboxEvent
from core_api.patients import service as patients
from core_api.patients.schemas import PatientIn
from core_api.treatments import rules, service
from core_api.treatments.schemas import EventByStaff, EventIn, TreatmentEvent


@pytest.fixture
def transfer(session: Session, clock: FixedClock) -> EventIn:
    patient = patients.upsert_patient(session, PatientIn(record_number="A1", name="王丽"), clock)
    return EventIn(
        patient_id=patient.patient_id, kind="transfer", occurred_on=date(2026, 9, 21), source_key="transfer:1"
    )


class TestRecordEvent:
    def test_makes_keeps_and_moves(self, session: Session, clock: FixedClock, transfer: EventIn) -> None:
        later = transfer.model_copy(update={"occurred_on": date(2026, 9, 23)})
        changes = [service.record_event(session, event, clock) for event in (transfer, transfer, later)]
        assert changes == ["created", "unchanged", "moved"]
        assert [event.occurred_on for event in service.events(session, transfer.patient_id)] == [date(2026, 9, 23)]
        told = session.scalars(select(OutboxEvent.data).where(OutboxEvent.name == "treatment.recorded")).all()
        assert [(one["kind"], one["moved"]) for one in told] == [("transfer", False), ("transfer", True)]

    def test_another_detail_alone_is_a_change_that_is_told(
        self, session: Session, clock: FixedClock, transfer: EventIn
    ) -> None:
        negative = transfer.model_copy(update={"detail": {"outcome": "negative"}})
        changes = [service.record_event(session, event, clock) for event in (transfer, negative, negative)]
        assert changes == ["created", "changed", "unchanged"]
        told = session.scalars(select(OutboxEvent.data).where(OutboxEvent.name == "treatment.recorded")).all()
        assert [one["moved"] for one in told] == [False, False]


class TestSetWaitingUrgency:
    @pytest.mark.covers("TX-1.04-1")
    def test_is_told_and_kept_beside_other_details(
        self, session: Session, clock: FixedClock, transfer: EventIn
    ) -> None:
        listed = transfer.model_copy(update={"kind": "waiting_listed", "detail": {"estimated": True}})
        service.record_event(session, listed, clock)
        service.set_waiting_urgency(session, listed.patient_id, "urgent", clock)
        (kept,) = service.events(session, listed.patient_id)
        assert kept.detail == {"estimated": True, "urgency": "urgent"}

    def test_who_is_on_no_list_has_none(self, session: Session, clock: FixedClock, transfer: EventIn) -> None:
        with pytest.raises(NotFound):
            service.set_waiting_urgency(session, transfer.patient_id, "urgent", clock)


class TestRecordByStaff:
    def test_a_discharge_is_kept_once(self, session: Session, clock: FixedClock, transfer: EventIn) -> None:
        wanted = EventByStaff(kind="discharge", occurred_on=date(2026, 11, 18))
        made = [service.record_by_staff(session, transfer.patient_id, wanted, clock).id for _ in range(2)]
        assert made[0] == made[1]

    @pytest.mark.parametrize(
        ("change", "field"), [({"occurred_on": date(2026, 12, 1)}, "occurred_on"), ({"urgency": "urgent"}, "urgency")]
    )
    def test_what_makes_no_sense_is_refused(
        self, session: Session, clock: FixedClock, transfer: EventIn, change: dict[str, object], field: str
    ) -> None:
        wanted = EventByStaff(kind="discharge", occurred_on=date(2026, 11, 18)).model_copy(update=change)
        with pytest.raises(Invalid) as refused:
            service.record_by_staff(session, transfer.patient_id, wanted, clock)
        assert refused.value.field == field


@pytest.mark.unit
class TestRules:
    @pytest.mark.parametrize(
        ("stage", "department", "kind"),
        [
            ("术后随访", "肾移植中心", "transplant_kidney"),
            ("术后随访", "肝移植中心", "transplant_liver"),
            ("术后随访", "生殖中心", None),
            ("等待移植", "肾移植中心", None),
            ("术后随访", None, None),
        ],
    )
    def test_transplant_kind(self, stage: str, department: str | None, kind: str | None) -> None:
        assert rules.transplant_kind(stage, department) == kind

    def test_the_nearest_free_transfer_of_the_cycle_is_the_same(self) -> None:
        earlier = [
            TreatmentEvent(
                id=new_id(), patient_id=new_id(), kind="transfer", occurred_on=date(2026, 9, day), source_key=str(day)
            )
            for day in (1, 10)
        ]
        same = rules.same_transfer(earlier, date(2026, 9, 9), [])
        other = rules.same_transfer(earlier, date(2026, 9, 9), ["10"])
        assert (same and same.source_key, other and other.source_key) == ("10", "1")
        assert rules.same_transfer(earlier, date(2026, 10, 30), []) is None
