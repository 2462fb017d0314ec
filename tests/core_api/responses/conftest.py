"""A patient, the shipped questionnaires, and a response under way."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from core_api.kit.clock import FixedClock
from core_api.kit.db import new_id
from core_api.patients import service as patients
from core_api.patients.schemas import PatientIn
from core_api.questionnaires import service as questionnaires
from core_api.responses import service
from core_api.responses.schemas import AnswerIn, ResponseView

Answer = Callable[..., None]


@pytest.fixture
def patient_id(session: Session, clock: FixedClock) -> UUID:
    questionnaires.load_library(session, clock)
    return patients.upsert_patient(session, PatientIn(record_number="T202301", name="王小明"), clock).patient_id


@pytest.fixture
def task_id() -> UUID:
    return new_id()


@pytest.fixture
def response(session: Session, clock: FixedClock, patient_id: UUID, task_id: UUID) -> ResponseView:
    return service.open_response(session, task_id, patient_id, "kidney_transplant", "voice", clock)


@pytest.fixture
def answer(session: Session, clock: FixedClock, response: ResponseView) -> Answer:
    """Records one answer."""

    def record(link_id: str, value: Any = None, **more: Any) -> None:
        service.record_answer(session, response.id, AnswerIn(link_id=link_id, value=value, **more), clock)

    return record
