from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core_api.alerts import service as alerts
from core_api.alerts.schemas import AlertIn
from core_api.kit.clock import FixedClock
from core_api.patients import service as patients
from core_api.patients.schemas import PatientIn
from core_api.workbench import service
from core_api.workbench.schemas import Today, Workbench

ZONE = ZoneInfo("Asia/Shanghai")


class TestWorkbench:
    def test_an_empty_day_has_only_zeros(self, session: Session, clock: FixedClock) -> None:
        assert service.workbench(session, clock, ZONE) == Workbench(
            today=Today(due=0, done=0, overdue=0), alerts_open=0, alerts_overdue=0, rechecks_open=0
        )

    def test_an_unanswered_alert_becomes_overdue(self, session: Session, clock: FixedClock) -> None:
        patient = PatientIn(record_number="A1", name="王小梅")
        patient_id = patients.upsert_patient(session, patient, clock).patient_id
        alert = AlertIn(
            patient_id=patient_id,
            level="red",
            rule_key="fever",
            text="发热",
            source_kind="response",
            source_id=uuid4(),
        )
        alerts.raise_alert(session, alert, clock)
        clock.advance(timedelta(minutes=31))
        found = service.workbench(session, clock, ZONE)
        assert (found.alerts_open, found.alerts_overdue) == (1, 1)
