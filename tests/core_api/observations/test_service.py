from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core_api.alerts import service as alerts
from core_api.alerts.schemas import AlertFilter, AlertView
from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions
from core_api.kit.outbox import OutboxEvent, handle_pending
from core_api.observations import service
from core_api.observations.schemas import ObservationIn
from core_api.patients import service as patients
from core_api.patients.schemas import PatientIn

Told = Callable[..., list[AlertView]]


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


class TestOnCritical:
    @pytest.fixture
    def told(self, sessions: Sessions, clock: FixedClock) -> Told:
        """Takes in results of one patient and handles what is told of them; returns the alerts."""
        sessions.configure(info={**sessions.kw["info"], "clock": clock})

        def tell(days_old: int, *values: float) -> list[AlertView]:
            sampled_at = clock.now() - timedelta(days=days_old)
            for value in values:
                with sessions.begin() as session:
                    patient = patients.upsert_patient(session, PatientIn(record_number="T1", name="赵伟"), clock)
                    result = ObservationIn(
                        patient_id=patient.patient_id, sample_number="S1", code="K", name="血钾", unit="mmol/L",
                        sampled_at=sampled_at, value_text=f"{value:.2f}", value=value,
                    )  # fmt: skip
                    service.upsert_many(session, [result], clock)
                handle_pending(sessions, {"observation.critical": [service.on_critical]}, clock)
            with sessions() as session:
                return alerts.list_alerts(session, AlertFilter(status="open"), clock).items

        return tell

    @pytest.mark.covers("RC-OUT-05")
    def test_a_recent_one_is_red_and_due_in_half_an_hour(self, told: Told, clock: FixedClock) -> None:
        (alert,) = told(1, 6.7)
        assert (alert.level, alert.text) == ("red", "检验危急值：血钾 6.70 mmol/L，偏高")
        assert alert.ack_deadline == clock.now() + timedelta(minutes=30)
        assert (alert.source_kind, alert.call_id) == ("observation", None)

    def test_a_correction_that_stays_critical_alarms_once(self, told: Told) -> None:
        assert len(told(1, 6.7, 6.9)) == 1

    def test_a_correction_to_the_other_side_alarms_anew(self, told: Told) -> None:
        assert {alert.rule_key for alert in told(1, 6.7, 2.1)} == {"critical_k_high", "critical_k_low"}

    @pytest.mark.parametrize(("days_old", "levels"), [(30, ["yellow"]), (120, [])])
    def test_history_of_an_import_does_not_cry_wolf(self, told: Told, days_old: int, levels: list[str]) -> None:
        assert [alert.level for alert in told(days_old, 6.7)] == levels
