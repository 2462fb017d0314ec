from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core_api.alerts.models import Alert
from core_api.kit.clock import FixedClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Sessions
from core_api.kit.outbox import OutboxEvent
from core_api.kit.web import Runtime, install_problem_handlers
from core_api.responses import endpoints, service
from core_api.responses.schemas import ResponseView
from tests.core_api.questionnaires.test_endpoints import by_permissions
from tests.core_api.responses.conftest import Answer

NURSE = {"Authorization": "Bearer patients.read rechecks.read rechecks.resolve responses.write"}
NOBODY = {"Authorization": "Bearer nothing"}


@pytest.fixture
def finished(session: Session, response: ResponseView, answer: Answer, clock: FixedClock) -> None:
    answer("fever", True)
    answer("last_blood_test", "2026-11-05")
    answer("medicines", "stopped", status="uncertain", confidence=0.4, words="没怎么吃")
    service.finish(session, response.id, completed=True, clock=clock)
    session.commit()


@pytest.fixture
def client(finished: None, sessions: Sessions, clock: FixedClock, keyring: Keyring, tmp_path: Path) -> TestClient:
    assert finished is None
    app = FastAPI()
    app.state.runtime = Runtime(sessions, clock, ZoneInfo("Asia/Shanghai"), keyring, tmp_path)
    app.state.authenticate = by_permissions
    app.include_router(endpoints.router)
    install_problem_handlers(app)
    return TestClient(app)


class TestResponses:
    def test_a_patients_responses_come_with_answers(self, client: TestClient, response: ResponseView) -> None:
        body = client.get(f"/api/patients/{response.patient_id}/responses", headers=NURSE).json()
        answers = {one["link_id"]: one["value"] for one in body["items"][0]["answers"]}
        assert answers == {"fever": True, "medicines": "stopped", "last_blood_test": "2026-11-05"}

    def test_one_is_read_with_history_and_as_fhir(self, client: TestClient, response: ResponseView) -> None:
        url = f"/api/responses/{response.id}"
        assert client.get(url, headers=NURSE).json()["status"] == "completed"
        assert len(client.get(f"{url}/answers/fever/history", headers=NURSE).json()) == 1
        assert client.get(f"{url}/fhir", headers=NURSE).json()["resourceType"] == "QuestionnaireResponse"

    def test_others_may_not(self, client: TestClient, response: ResponseView) -> None:
        assert client.get(f"/api/responses/{response.id}", headers=NOBODY).status_code == 403
        assert client.post("/api/responses/fhir", json={}, headers=NOBODY).status_code == 403


@pytest.mark.covers("RC-EDU-08")
class TestReceiving:
    @pytest.fixture
    def resource(self, response: ResponseView) -> dict[str, Any]:
        return {
            "resourceType": "QuestionnaireResponse",
            "identifier": {"system": "urn:his", "value": "R-1"},
            "questionnaire": "urn:huifang:questionnaire:kidney_transplant|1",
            "status": "completed",
            "subject": {"identifier": {"system": "urn:huifang:record-number", "value": "T202301"}},
            "basedOn": [{"identifier": {"system": "urn:huifang:task", "value": str(response.task_id)}}],
            "item": [
                {"linkId": "fever", "answer": [{"valueBoolean": True}]},
                {"linkId": "temperature", "answer": [{"valueDecimal": 38.6}]},
            ],
        }

    def test_is_kept_as_staffs_and_alarms(
        self, client: TestClient, sessions: Sessions, response: ResponseView, resource: dict[str, Any]
    ) -> None:
        made = client.post("/api/responses/fhir", json=resource, headers=NURSE)
        body = made.json()
        assert (made.status_code, body["status"], body["patient_id"]) == (201, "completed", str(response.patient_id))
        assert {one["source"] for one in body["answers"]} == {"staff"}
        with sessions() as session:
            rules = select(Alert.rule_key).where(Alert.source_id == UUID(body["id"]))
            assert session.scalars(rules).all() != []
            told = session.scalars(select(OutboxEvent.data).where(OutboxEvent.name == "response.received")).one()
            assert told["task_id"] == str(response.task_id)

    def test_sent_again_it_is_amended_and_not_doubled(self, client: TestClient, resource: dict[str, Any]) -> None:
        first = client.post("/api/responses/fhir", json=resource, headers=NURSE).json()
        resource["item"][1]["answer"][0]["valueDecimal"] = 38.9
        again = client.post("/api/responses/fhir", json=resource, headers=NURSE)
        assert (again.status_code, again.json()["id"]) == (200, first["id"])
        assert {one["link_id"]: one["value"] for one in again.json()["answers"]}["temperature"] == 38.9

    @pytest.mark.parametrize(
        ("change", "status", "field"),
        [
            ({"questionnaire": "urn:other:1"}, 422, "questionnaire"),
            ({"questionnaire": "urn:huifang:questionnaire:kidney_transplant|77"}, 404, "version"),
            ({"subject": {"identifier": {"system": "urn:huifang:record-number", "value": "nobody"}}}, 404, "subject"),
            ({"basedOn": [{"identifier": {"system": "urn:huifang:task", "value": "7"}}]}, 422, "basedOn"),
            ({"item": [{"linkId": "temperature", "answer": [{"valueDecimal": 99}]}]}, 422, "temperature"),
        ],
    )
    def test_what_does_not_fit_is_a_problem_document(
        self, client: TestClient, resource: dict[str, Any], change: dict[str, Any], status: int, field: str
    ) -> None:
        refused = client.post("/api/responses/fhir", json=resource | change, headers=NURSE)
        assert (refused.status_code, refused.json()["field"]) == (status, field)


@pytest.mark.covers("RC-OUT-04")
class TestRechecks:
    def test_are_listed_and_resolved(self, client: TestClient) -> None:
        (recheck,) = client.get("/api/rechecks", headers=NURSE).json()["items"]
        url = f"/api/rechecks/{recheck['id']}/resolve"
        done = client.post(url, json={"value": "stopped", "note": "已核实"}, headers=NURSE)
        assert "stopped_medicines" in {hit["rule_key"] for hit in done.json()["alert_hits"]}
        assert client.get("/api/rechecks", headers=NURSE).json()["total"] == 0
        assert client.post(url, json={"value": None}, headers=NURSE).status_code == 409

    def test_a_wrong_value_is_a_problem_document(self, client: TestClient) -> None:
        (recheck,) = client.get("/api/rechecks", headers=NURSE).json()["items"]
        answer = client.post(f"/api/rechecks/{recheck['id']}/resolve", json={"value": "never"}, headers=NURSE)
        assert (answer.status_code, answer.json()["code"]) == (422, "answer_option")

    def test_others_may_not(self, client: TestClient) -> None:
        assert client.get("/api/rechecks", headers=NOBODY).status_code == 403
