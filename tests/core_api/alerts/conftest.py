from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from core_api.alerts import service
from core_api.alerts.endpoints import router
from core_api.alerts.schemas import AlertIn
from core_api.kit.clock import FixedClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Sessions
from core_api.kit.web import CurrentUser, Runtime, install_problem_handlers
from core_api.patients import service as patients
from core_api.patients.schemas import PatientIn

NURSE = CurrentUser(
    id=UUID(int=7),
    username="nurse",
    display_name="李护士",
    roles=("nurse",),
    permissions=frozenset({"alerts.read", "alerts.acknowledge"}),
)
Raise = Callable[..., UUID]


@pytest.fixture
def patient_id(session: Session, clock: FixedClock) -> UUID:
    wanted = PatientIn(record_number="A1", name="王小梅", phone="+8615400000001")
    return patients.upsert_patient(session, wanted, clock).patient_id


@pytest.fixture
def raise_one(session: Session, clock: FixedClock, patient_id: UUID) -> Raise:
    def make(level: str = "red", rule_key: str = "fever", source_id: UUID | None = None) -> UUID:
        alert = AlertIn.model_validate(
            {
                "patient_id": patient_id,
                "level": level,
                "rule_key": rule_key,
                "text": "体温达到 38.0 °C",
                "source_kind": "response",
                "source_id": source_id or uuid4(),
            }
        )
        return service.raise_alert(session, alert, clock)

    return make


@pytest.fixture
def client(sessions: Sessions, keyring: Keyring, clock: FixedClock, tmp_path: Path) -> TestClient:
    app = FastAPI()
    app.state.runtime = Runtime(sessions, clock, ZoneInfo("Asia/Shanghai"), keyring, tmp_path)
    app.state.authenticate = lambda _session, token: NURSE if token == "nurse" else None
    install_problem_handlers(app)
    app.include_router(router)
    return TestClient(app, headers={"authorization": "Bearer nurse"})
