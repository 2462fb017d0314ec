from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from core_api.kit.clock import FixedClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Sessions, new_id
from core_api.kit.web import CurrentUser, Runtime, install_problem_handlers
from core_api.questionnaires import document, endpoints, service
from tests.core_api.questionnaires.builders import item, questionnaire, when

SOUND = document.to_yaml(questionnaire(item("q")))
LOOP = document.to_yaml(questionnaire(item("a", enable_when=[when("a", "=", True)])))
READ = {"Authorization": "Bearer questionnaires.read"}
ALL = {"Authorization": "Bearer questionnaires.read questionnaires.write questionnaires.publish"}


def by_permissions(_session: object, token: str) -> CurrentUser:
    """A token that names its own permissions."""
    return CurrentUser(id=new_id(), username="u", display_name="用户", roles=(), permissions=frozenset(token.split()))


@pytest.fixture
def client(sessions: Sessions, clock: FixedClock, keyring: Keyring, tmp_path: Path) -> TestClient:
    app = FastAPI()
    app.state.runtime = Runtime(sessions, clock, ZoneInfo("Asia/Shanghai"), keyring, tmp_path)
    app.state.authenticate = by_permissions
    app.include_router(endpoints.router)
    install_problem_handlers(app)
    with sessions.begin() as session:
        service.load_library(session, clock)
    return TestClient(app)


@pytest.mark.covers("RC-EDU-09")
class TestReading:
    def test_lists_the_library(self, client: TestClient) -> None:
        body = client.get("/api/questionnaires", headers=READ).json()
        assert body["total"] == 10
        assert body["items"][0]["items_count"] > 5

    def test_shows_a_version_as_json_yaml_and_fhir(self, client: TestClient) -> None:
        url = "/api/questionnaires/kidney_transplant/versions/1"
        assert client.get(url, headers=READ).json()["items"][0]["link_id"] == "recovery"
        shown = document.from_yaml(client.get(f"{url}/yaml", headers=READ).text)
        assert shown.status == "published"
        assert client.get(f"{url}/fhir", headers=READ).json()["resourceType"] == "Questionnaire"
        assert client.get("/api/questionnaires/kidney_transplant/versions", headers=READ).json()["total"] == 1

    def test_an_unknown_one_is_a_problem_document(self, client: TestClient) -> None:
        answer = client.get("/api/questionnaires/nothing/versions/1", headers=READ)
        assert (answer.status_code, answer.json()["code"]) == (404, "questionnaire_not_found")


class TestEditing:
    def test_a_draft_is_kept_and_published(self, client: TestClient) -> None:
        saved = client.put("/api/questionnaires/probe/draft", content=SOUND.encode(), headers=ALL)
        assert saved.json() == {"key": "probe", "version": 1, "title": "试", "problems": []}
        assert client.post("/api/questionnaires/probe/publish", headers=ALL).json()["status"] == "published"

    def test_fhir_makes_a_draft_too(self, client: TestClient) -> None:
        resource = client.get("/api/questionnaires/delivery/versions/1/fhir", headers=READ).json()
        saved = client.put("/api/questionnaires/delivery/draft/fhir", json=resource, headers=ALL)
        assert (saved.json()["version"], saved.json()["problems"]) == (2, [])

    def test_problems_are_listed_and_refuse_publication(self, client: TestClient) -> None:
        saved = client.put("/api/questionnaires/probe/draft", content=LOOP.encode(), headers=ALL)
        assert saved.json()["problems"][0]["code"] == "loop"
        answer = client.post("/api/questionnaires/probe/publish", headers=ALL)
        assert (answer.status_code, answer.json()["code"]) == (422, "questionnaire_refused")
        assert "绕回" in answer.json()["detail"]
        assert [(one["code"], one["field"]) for one in answer.json()["errors"]] == [
            (one["code"], one["link_id"]) for one in saved.json()["problems"]
        ]
        assert all(one["reason"] and one["remedy"] for one in answer.json()["errors"])

    @pytest.mark.parametrize("body", [b"key: [", b"\xff\xfe", b"", document.to_yaml(questionnaire()).encode()])
    def test_a_bad_body_is_refused(self, client: TestClient, body: bytes) -> None:
        assert client.put("/api/questionnaires/other/draft", content=body, headers=ALL).status_code == 422

    def test_readers_may_not_write(self, client: TestClient) -> None:
        for method, path in (("put", "draft"), ("post", "publish"), ("put", "draft/fhir")):
            answer = client.request(method, f"/api/questionnaires/probe/{path}", content=b"{}", headers=READ)
            assert answer.status_code == 403
