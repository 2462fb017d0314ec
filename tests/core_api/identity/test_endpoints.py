from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from core_api.audit import endpoints as audit_endpoints
from core_api.identity import endpoints, service
from core_api.kit.clock import FixedClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Sessions
from core_api.kit.web import Runtime, install_problem_handlers


@pytest.fixture
def client(sessions: Sessions, clock: FixedClock, keyring: Keyring, tmp_path: Path) -> TestClient:
    app = FastAPI()
    app.state.runtime = Runtime(sessions, clock, ZoneInfo("Asia/Shanghai"), keyring, tmp_path)
    app.state.authenticate = lambda session, token: service.authenticate(session, token, clock)
    app.include_router(endpoints.router)
    app.include_router(audit_endpoints.router)
    install_problem_handlers(app)
    return TestClient(app)


@pytest.fixture
def passwords(sessions: Sessions, clock: FixedClock) -> dict[str, str]:
    with sessions.begin() as session:
        return {name: password for name, password, _ in service.seed_demo_users(session, clock)}


class TestSession:
    def test_is_opened_read_and_closed(self, client: TestClient, passwords: dict[str, str]) -> None:
        answer = client.post("/api/session", json={"username": "nurse", "password": passwords["nurse"]})
        assert answer.status_code == 200
        assert "HttpOnly" in answer.headers["set-cookie"]
        assert client.get("/api/session").json()["user"]["username"] == "nurse"
        assert client.delete("/api/session").status_code == 204
        assert client.get("/api/session").status_code == 401

    def test_a_wrong_password_is_counted_until_the_name_is_locked(
        self, client: TestClient, passwords: dict[str, str]
    ) -> None:
        body = {"username": "nurse", "password": "wrong"}
        codes = [client.post("/api/session", json=body).status_code for _ in range(5)]
        assert codes == [401, 401, 401, 401, 429]
        answer = client.post("/api/session", json={"username": "nurse", "password": passwords["nurse"]})
        assert answer.json()["code"] == "too_many_attempts"


class TestTokens:
    def test_a_bearer_token_opens_the_audit_log_to_the_auditor_only(
        self, client: TestClient, passwords: dict[str, str]
    ) -> None:
        for username, status in (("auditor", 200), ("nurse", 403)):
            body = {"username": username, "password": passwords[username]}
            token = client.post("/api/tokens", json=body).json()["token"]
            answer = client.get("/api/audit", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == status

    def test_the_audit_log_is_paged(self, client: TestClient, passwords: dict[str, str]) -> None:
        body = {"username": "auditor", "password": passwords["auditor"]}
        tokens = [client.post("/api/tokens", json=body).json()["token"] for _ in range(3)]
        headers = {"Authorization": f"Bearer {tokens[0]}"}
        first = client.get("/api/audit?limit=2", headers=headers).json()
        rest = client.get("/api/audit", params={"cursor": first["next_cursor"]}, headers=headers).json()
        assert (len(first["items"]), len(rest["items"])) == (2, 1)
