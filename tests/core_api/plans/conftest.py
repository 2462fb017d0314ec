from collections.abc import Callable
from datetime import date
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from core_api.kit.clock import FixedClock
from core_api.patients import service as patients
from core_api.patients.schemas import PatientIn
from core_api.plans import service as plans
from core_api.questionnaires import service as questionnaires
from core_api.treatments import service as treatments
from core_api.treatments.schemas import EventIn

ZONE = ZoneInfo("Asia/Shanghai")
NewPatient = Callable[..., UUID]
NewEvent = Callable[..., str]


@pytest.fixture
def zone() -> ZoneInfo:
    return ZONE


@pytest.fixture
def library(session: Session, clock: FixedClock) -> Session:
    """The session with shipped questionnaires and templates."""
    questionnaires.load_library(session, clock)
    plans.load_library(session, clock)
    return session


@pytest.fixture
def new_patient(session: Session, clock: FixedClock) -> NewPatient:
    def make(department: str = "生殖中心", stage: str = "移植", name: str = "王小梅", site: str = "越秀院区") -> UUID:
        number = f"A{uuid4().hex[:10]}"
        wanted = PatientIn(
            record_number=number, name=name, phone="+8615400000001", site=site, department=department, stage=stage
        )
        return patients.upsert_patient(session, wanted, clock).patient_id

    return make


@pytest.fixture
def new_event(session: Session, clock: FixedClock) -> NewEvent:
    def record(patient_id: UUID, kind: str, on: date, source_key: str = "", **detail: object) -> str:
        event = EventIn.model_validate(
            {
                "patient_id": patient_id,
                "kind": kind,
                "occurred_on": on,
                "source_key": source_key or f"{kind}:1",
                "detail": detail,
            }
        )
        return treatments.record_event(session, event, clock)

    return record
