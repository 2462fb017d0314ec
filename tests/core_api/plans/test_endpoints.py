from datetime import date, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from core_api.kit.clock import FixedClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Sessions
from core_api.kit.web import CurrentUser, Runtime, install_problem_handlers
from core_api.plans import service as plans
from core_api.plans.endpoints import router
from core_api.workbench.endpoints import router as workbench_router
from tests.core_api.plans.conftest import NewEvent, NewPatient

TODAY = date(2026, 11, 20)
PERMISSIONS = {
    "doctor": frozenset({"tasks.read", "tasks.write", "plans.write"}),
    "reader": frozenset({"tasks.read"}),
}


def user(token: str) -> CurrentUser | None:
    if token not in PERMISSIONS:
        return None
    return CurrentUser(id=UUID(int=7), username=token, display_name=token, roles=(), permissions=PERMISSIONS[token])


@pytest.fixture
def client(sessions: Sessions, keyring: Keyring, clock: FixedClock, zone: ZoneInfo, tmp_path: Path) -> TestClient:
    app = FastAPI()
    app.state.runtime = Runtime(sessions, clock, zone, keyring, tmp_path)
    app.state.authenticate = lambda _session, token: user(token)
    install_problem_handlers(app)
    app.include_router(router)
    app.include_router(workbench_router)
    return TestClient(app, headers={"authorization": "Bearer doctor"})


@pytest.fixture
def patient_id(
    library: Session, clock: FixedClock, zone: ZoneInfo, new_patient: NewPatient, new_event: NewEvent
) -> UUID:
    """A patient whose pregnancy test was due yesterday, in a committed database."""
    made = new_patient()
    new_event(made, "transfer", TODAY - timedelta(days=15))
    plans.sync_patient(library, made, clock, zone)
    library.commit()
    return made


class TestTasksOverHttp:
    def test_a_task_is_listed_for_its_patient_and_cancelled(self, client: TestClient, patient_id: UUID) -> None:
        params = {"period": "day", "template": "ivf", "site": "越秀院区", "patient_id": str(patient_id)}
        listed = client.get("/api/tasks", params=params).json()
        (task,) = listed["items"]
        assert (task["patient_id"], task["status"], task["patient_name"]) == (str(patient_id), "due", "王**")
        assert client.get("/api/tasks", params={"q": "李四"}).json()["field"] == "q"
        assert len(client.get("/api/tasks", params={"limit": 1}).json()["items"]) == 1
        assert client.get("/api/tasks", params={"limit": 1, "cursor": "?"}).json()["field"] == "cursor"
        assert client.get(f"/api/tasks/{task['id']}").json()["title"] == "移植后验孕随访"
        done = client.post(f"/api/tasks/{task['id']}/cancel", json={"reason": "done_elsewhere"})
        assert done.json()["status"] == "cancelled"

    @pytest.mark.covers("RC-OUT-05")
    def test_staff_complete_a_task_with_the_answers_they_found_out(self, client: TestClient, patient_id: UUID) -> None:
        (task,) = client.get("/api/tasks", params={"patient_id": str(patient_id)}).json()["items"]
        url = f"/api/tasks/{task['id']}"
        asked = client.get(f"{url}/form").json()
        assert (asked["questionnaire"]["key"], asked["answers"]) == ("pregnancy_test", [])
        answers = [{"link_id": "tested", "value": True}, {"link_id": "test_result", "value": "positive"}]
        done = client.post(f"{url}/complete", json={"way": "outside_report", "answers": answers, "note": "外院报告"})
        assert (done.json()["task"]["status"], done.json()["task"]["reason"]) == ("done", "outside_report")
        again = client.post(f"{url}/complete", json={"way": "phone", "answers": answers})
        assert (again.status_code, again.json()["code"]) == (409, "task_done")
        (plan,) = client.get(f"/api/patients/{patient_id}/plans").json()
        assert "ultrasound_1" in {one["node_key"] for one in plan["tasks"]}

    def test_an_answer_that_does_not_fit_names_its_item_and_changes_nothing(
        self, client: TestClient, patient_id: UUID
    ) -> None:
        (task,) = client.get("/api/tasks", params={"patient_id": str(patient_id)}).json()["items"]
        wrong = {"way": "phone", "answers": [{"link_id": "test_result", "value": "perhaps"}]}
        refused = client.post(f"/api/tasks/{task['id']}/complete", json=wrong)
        assert (refused.status_code, refused.json()["field"]) == (422, "test_result")
        assert client.get(f"/api/tasks/{task['id']}").json()["status"] == "due"
        reader = {"authorization": "Bearer reader"}
        assert client.post(f"/api/tasks/{task['id']}/complete", json=wrong, headers=reader).status_code == 403

    def test_an_unknown_period_is_refused(self, client: TestClient) -> None:
        assert client.get("/api/tasks", params={"period": "year"}).status_code == 422


class TestPlansOverHttp:
    @pytest.mark.covers("TX-1.04-2", "TX-3.04-1")
    def test_a_patients_plans_are_shown_and_proposed(self, client: TestClient, patient_id: UUID) -> None:
        (plan,) = client.get(f"/api/patients/{patient_id}/plans").json()
        assert (plan["template_key"], plan["anchor_title"], plan["anchor_on"]) == ("ivf", "胚胎移植", "2026-11-05")
        assert plan["tasks"][0]["due_on"] == "2026-11-19"
        proposed = client.get(f"/api/patients/{patient_id}/plans/proposed").json()
        assert [one["template"]["key"] for one in proposed] == ["discharge_satisfaction", "insemination", "ivf"]
        assert client.post(f"/api/patients/{patient_id}/plans/sync").json() == [plan]

    @pytest.mark.covers("QP-CDOC-11")
    def test_a_doctor_draws_up_a_plan(self, client: TestClient, patient_id: UUID) -> None:
        days = ("2026-12-01", "2026-12-15")
        tasks = [{"title": "量表", "questionnaire_key": "satisfaction", "due_on": day} for day in days]
        made = client.post(f"/api/patients/{patient_id}/plans", json={"title": "量表随访", "tasks": tasks})
        assert made.status_code == 201
        assert [plan["title"] for plan in made.json()] == ["量表随访", "胚胎移植后随访"]


class TestTemplatesOverHttp:
    def test_a_template_is_edited_as_yaml(self, client: TestClient, patient_id: UUID) -> None:
        assert patient_id
        assert len(client.get("/api/plans/templates").json()) == 6
        assert client.get("/api/plans/templates/ivf").json()["version"] == 1
        text = client.get("/api/plans/templates/ivf/yaml").text.replace("胚胎移植后随访", "移植随访")
        headers = {"content-type": "application/yaml"}
        assert client.post("/api/plans/templates/check", content=text.encode(), headers=headers).json() == []
        published = client.put("/api/plans/templates", content=text.encode(), headers=headers)
        assert (published.status_code, published.json()["version"]) == (200, 2)

    def test_a_broken_template_is_refused_with_its_line(self, client: TestClient) -> None:
        refused = client.put("/api/plans/templates", content=b"key: [", headers={"content-type": "application/yaml"})
        assert (refused.status_code, refused.json()["code"]) == (422, "template_yaml")

    def test_a_reader_may_not_publish(self, client: TestClient) -> None:
        headers = {"authorization": "Bearer reader", "content-type": "application/yaml"}
        assert client.put("/api/plans/templates", content=b"", headers=headers).status_code == 403


class TestWorkbenchOverHttp:
    def test_it_shows_what_waits(self, client: TestClient, patient_id: UUID) -> None:
        assert patient_id
        assert client.get("/api/workbench").json() == {
            "today": {"due": 1, "done": 0, "overdue": 1},
            "alerts_open": 0,
            "alerts_overdue": 0,
            "rechecks_open": 0,
        }

    def test_nobody_enters_without_signing_in(self, client: TestClient) -> None:
        assert client.get("/api/workbench", headers={"authorization": ""}).status_code == 401
