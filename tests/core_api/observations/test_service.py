from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core_api.kit.clock import FixedClock
from core_api.kit.outbox import OutboxEvent
from core_api.observations import service
from core_api.observations.schemas import ObservationIn
from core_api.patients import service as patients
from core_api.patients.schemas import PatientIn


@pytest.fixture
def potassium(session: Session, clock: FixedClock) -> ObservationIn:
    patient = patients.upsert_patient(session, PatientIn(record_number="T1", name="赵伟"), clock)
    return ObservationIn(
        patient_id=patient.patient_id, sample_number="S1", code="K", name="血钾", unit="mmol/L",
        sampled_at=datetime(2026, 11, 1, tzinfo=UTC), value_text="6.70", value=6.7, reference_low=3.5,
        reference_high=5.3,
    )  # fmt: skip


class TestUpsertMany:
    def test_tells_of_a_critical_value_once(
        self, session: Session, clock: FixedClock, potassium: ObservationIn
    ) -> None:
        assert service.upsert_many(session, [potassium], clock) == ["created"]
        assert service.upsert_many(session, [potassium], clock) == ["unchanged"]
        events = select(func.count()).where(OutboxEvent.name == "observation.critical")
        assert session.scalar(events) == 1

    def test_corrects_a_result(self, session: Session, clock: FixedClock, potassium: ObservationIn) -> None:
        service.upsert_many(session, [potassium], clock)
        corrected = potassium.model_copy(update={"value": 4.2, "value_text": "4.20"})
        assert service.upsert_many(session, [corrected], clock) == ["updated"]
        session.expire_all()
        series = service.series(session, potassium.patient_id, "K")
        assert series is not None
        assert [(point.text, point.critical) for point in series.points] == [("4.20", False)]
        assert service.series(session, potassium.patient_id, "NA") is None
