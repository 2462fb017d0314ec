from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from core_api.kit.clock import FixedClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Sessions, new_id
from core_api.kit.errors import Conflict, Invalid
from core_api.kit.masking import mask_identity, mask_name, mask_phone
from core_api.kit.outbox import publish, tail
from core_api.kit.paging import decode_cursor, encode_cursor
from core_api.kit.web import CurrentUser, Db, Runtime, install_problem_handlers, require

pytestmark = pytest.mark.unit


def _user(_session: Session, token: str) -> CurrentUser | None:
    if token not in {"nurse", "nobody"}:
        return None
    held = frozenset({"patients.read"}) if token == "nurse" else frozenset()
    return CurrentUser(id=new_id(), username=token, display_name=token, roles=(token,), permissions=held)


@pytest.fixture
def client(sessions: Sessions, clock: FixedClock, keyring: Keyring, tmp_path: Path) -> TestClient:
    app = FastAPI()
    app.state.runtime = Runtime(sessions, clock, ZoneInfo("Asia/Shanghai"), keyring, tmp_path)
    app.state.authenticate = _user
    install_problem_handlers(app)

    @app.get("/patients")
    def patients(user: Annotated[CurrentUser, Depends(require("patients.read"))]) -> str:
        return user.username

    @app.post("/events")
    def events(session: Db, fail: bool) -> None:
        publish(session, "call.ended", None, {}, clock)
        if fail:
            message = "此任务已结束"
            raise Conflict(message, field="state")

    return TestClient(app)


class TestRequire:
    @pytest.mark.parametrize(("token", "status"), [("", 401), ("stranger", 401), ("nobody", 403), ("nurse", 200)])
    def test_lets_pass_only_who_holds_the_permission(self, client: TestClient, token: str, status: int) -> None:
        answer = client.get("/patients", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status


class TestDb:
    @pytest.mark.parametrize(("fail", "kept"), [(False, 1), (True, 0)])
    def test_commits_what_succeeded_and_nothing_else(
        self, client: TestClient, sessions: Sessions, clock: FixedClock, fail: bool, kept: int
    ) -> None:
        client.post("/events", params={"fail": fail})
        with sessions() as session:
            assert len(tail(session, clock.now())) == kept


class TestProblems:
    def test_a_refusal_says_code_words_and_field(self, client: TestClient) -> None:
        answer = client.post("/events", params={"fail": True})
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json() | {"type": ""} == {
            "type": "",
            "title": "此任务已结束",
            "status": 409,
            "code": "conflict",
            "detail": "此任务已结束",
            "field": "state",
            "retryable": False,
        }

    def test_bad_input_names_its_field_and_never_repeats_the_value(self, client: TestClient) -> None:
        answer = client.post("/events", params={"fail": "13800138000"})
        assert answer.status_code == 422
        assert answer.json()["field"] == "fail"
        assert "13800138000" not in answer.text


class TestCursor:
    def test_gives_back_its_values_and_refuses_others(self) -> None:
        assert decode_cursor(encode_cursor("2026-11-20", 7, None)) == ["2026-11-20", 7, None]
        for bad in ("%%%", "bm90IGpzb24", encode_cursor()[:-1] + "x"):
            with pytest.raises(Invalid):
                decode_cursor(bad)


class TestMasking:
    def test_shows_as_much_as_the_rules_allow(self) -> None:
        assert mask_name("张小明") == "张**"
        assert mask_name("张") == "*"
        assert mask_phone("+8613800138000") == "138****8000"
        assert mask_phone("12345") == "*****"
        assert mask_identity("110101199001017758") == "110101********7758"
        assert mask_identity("1101") == "****"
