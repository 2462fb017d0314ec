import asyncio
import errno
import sqlite3
import time
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.testclient import TestClient
from sqlalchemy import QueuePool, literal, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from core_api.kit import web
from core_api.kit.clock import FixedClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Sessions, new_id
from core_api.kit.errors import Conflict, Invalid
from core_api.kit.follow import Follower
from core_api.kit.masking import mask_identity, mask_name, mask_phone
from core_api.kit.outbox import publish
from core_api.kit.paging import decode_cursor, encode_cursor
from core_api.kit.web import DATABASE_REQUESTS, CurrentUser, Db, Runtime, install_problem_handlers, require

pytestmark = pytest.mark.unit


def _user(session: Session, token: str) -> CurrentUser | None:
    session.execute(text("SELECT 1"))  # as the real one does: the transaction has begun
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

    @app.post("/batches")
    def batches(_user: Annotated[CurrentUser, Depends(require("patients.read"))]) -> None:
        with sessions.begin() as session:
            publish(session, "import.batch", None, {}, clock)

    @app.post("/events")
    def events(session: Db, fail: bool) -> None:
        publish(session, "call.ended", None, {}, clock)
        if fail:
            message = "此任务已结束"
            raise Conflict(message, field="state")

    @app.get("/slow")
    def slow(session: Db) -> int:
        session.connection(execution_options={"read_only": True})
        app.state.together = max(getattr(app.state, "together", 0), _held(session))
        return int(session.scalar(select(literal(1))) or 0)

    return TestClient(app)


def _held(session: Session) -> int:
    """Connections in use now, seen while others had time to take one."""
    time.sleep(0.02)
    pool = session.get_bind().engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


def _sqlite_full() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


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
            assert len(Follower().poll(session, clock.now())) == kept


class TestTurns:
    async def test_a_crowd_is_served_in_turn_with_no_more_connections_than_the_pool_keeps(
        self, client: TestClient
    ) -> None:
        transport = httpx.ASGITransport(client.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://web") as crowd:
            answers = await asyncio.gather(*(crowd.get("/slow") for _ in range(4 * DATABASE_REQUESTS)))
        assert {answer.status_code for answer in answers} == {200}
        assert 1 < client.app.state.together <= DATABASE_REQUESTS  # type: ignore[attr-defined]

    def test_who_waits_too_long_is_told_to_come_back(self, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(web, "POOL_TIMEOUT_SECONDS", 0.05)
        client.app.state.database_gate = asyncio.Semaphore(0)  # type: ignore[attr-defined]
        answer = client.get("/slow")
        assert (answer.status_code, answer.json()["retryable"]) == (503, True)


class TestTransactionsOfAnEndpointsOwn:
    def test_do_not_wait_for_the_one_that_the_user_was_read_in(
        self, client: TestClient, sessions: Sessions, clock: FixedClock
    ) -> None:
        answer = client.post("/batches", headers={"Authorization": "Bearer nurse"})
        assert answer.status_code == 200
        with sessions() as session:
            assert len(Follower().poll(session, clock.now())) == 1


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

    async def test_a_request_that_breaks_off_is_no_fault_of_ours(self) -> None:
        app, sent = FastAPI(), []
        install_problem_handlers(app)

        @app.post("/form")
        async def form(request: Request) -> int:
            return len(await request.form())

        async def broken_off() -> dict[str, str]:
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        kind = (b"content-type", b"application/x-www-form-urlencoded")
        scope = {
            "type": "http", "method": "POST", "path": "/form", "raw_path": b"/form", "query_string": b"",
            "headers": [kind], "http_version": "1.1", "scheme": "http", "server": ("web", 80), "client": ("a", 1),
        }  # fmt: skip
        await app(scope, broken_off, send)
        assert sent[0]["status"] == 499

    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            (OSError(errno.ENOSPC, "full", "/data/张晓.csv"), 507, "disk_full"),
            (PermissionError(errno.EACCES, "no", "/data/张晓.csv"), 500, "storage"),
            (OperationalError("", None, _sqlite_full()), 507, "disk_full"),
            (OperationalError("", None, sqlite3.OperationalError("locked")), 503, "unavailable"),
        ],
    )
    def test_a_disk_that_is_full_is_told_without_names(self, error: Exception, status: int, code: str) -> None:
        app = FastAPI()
        install_problem_handlers(app)

        @app.get("/")
        def fail() -> None:
            raise error

        answer = TestClient(app).get("/")
        assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (status, code, True)
        assert "张晓" not in answer.text

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
