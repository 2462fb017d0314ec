"""打给我: a script is tried in the page, by the dialogue that patients have; nothing of it reaches a record."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import func, select
from websockets.asyncio.client import ClientConnection, connect

from core_api.alerts.models import Alert
from core_api.kit.clock import SystemClock
from core_api.kit.db import Sessions
from core_api.questionnaires import service as questionnaires
from core_api.responses.models import ResponseRow
from huifang.conversations import DialogueConversations
from tests.fakes.engine import RulesEngine
from tests.huifang.support import runtime_of
from tests.telephony.kit import Stage, staged

pytestmark = pytest.mark.voice
SCRIPT = "kidney_transplant"
SECONDS = 60.0


@pytest.fixture
def stage(sessions: Sessions, tmp_path: Path) -> Iterator[Stage]:
    clock = SystemClock()
    with sessions.begin() as session:
        questionnaires.load_library(session, clock)
    runtime = runtime_of(sessions, clock)
    conversation = DialogueConversations(runtime, RulesEngine(sessions, clock, runtime.zone))
    with staged(sessions, tmp_path, conversation, pace=1.0) as running:
        yield running


def signed_in(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}


def begin(stage: Stage, name: str = "nurse", **body: Any) -> httpx.Response:
    asked = {"questionnaire_key": SCRIPT, "questionnaire_version": 1} | body
    return httpx.post(f"{stage.ours.url}/api/calls/trials", json=asked, headers=signed_in(name), trust_env=False)


def read(stage: Stage, path: str) -> Any:
    return httpx.get(f"{stage.ours.url}/api/calls{path}", headers=signed_in("nurse"), trust_env=False).json()


def page(stage: Stage, call_id: UUID, name: str = "nurse") -> Any:
    url = stage.ours.url.replace("http", "ws") + f"/api/calls/{call_id}/trial"
    return connect(url, additional_headers=signed_in(name), proxy=None, max_queue=None)


async def heard_whole(socket: ClientConnection) -> str:
    """Plays up to the next mark and says so; the mark's name."""
    async with asyncio.timeout(SECONDS):
        while True:
            raw = await socket.recv()
            message = {} if isinstance(raw, bytes) else json.loads(raw)
            if message.get("type") == "mark":
                await socket.send(raw)
                return str(message["name"])


async def press(socket: ClientConnection, digit: str) -> None:
    await socket.send(json.dumps({"type": "key", "digit": digit}))


def count(stage: Stage, row: Any) -> int:
    with stage.runtime.sessions() as session:
        return int(session.scalar(select(func.count()).select_from(row)) or 0)


class TestTrial:
    async def test_asks_as_patients_are_asked_and_keeps_the_answers_apart(self, stage: Stage) -> None:
        call_id = UUID((await asyncio.to_thread(begin, stage)).json()["call_id"])
        async with page(stage, call_id) as socket:
            assert (await heard_whole(socket)).startswith("identity")
            await press(socket, "1")
            assert (await heard_whole(socket)).startswith("item:")
            left = (await asyncio.to_thread(read, stage, f"/{call_id}"))["left"]
            await press(socket, "3")
            await heard_whole(socket)
            call = await asyncio.to_thread(read, stage, f"/{call_id}")
        assert left[0]["current"]
        assert [(one["link_id"], one["source"]) for one in call["answers"]] == [(left[0]["link_id"], "keys")]
        assert call["answers"][0]["display"]
        assert len(call["left"]) >= len(left) - 1
        assert call["patient_name"] == ""
        await asyncio.to_thread(stage.ended, call_id)
        assert (count(stage, ResponseRow), count(stage, Alert)) == (0, 0)
        assert (await asyncio.to_thread(read, stage, ""))["items"] == []

    async def test_belongs_to_who_began_it(self, stage: Stage) -> None:
        call_id = UUID((await asyncio.to_thread(begin, stage)).json()["call_id"])
        for name, code, wanted in (("doctor", 4404, call_id), ("nurse", 4404, uuid4()), ("nobody", 4401, call_id)):
            async with page(stage, wanted, name) as socket:
                await socket.wait_closed()
                assert socket.close_code == code

    def test_is_refused_without_the_right_or_the_script(self, stage: Stage) -> None:
        assert begin(stage, "auditor").status_code == 403
        assert begin(stage, questionnaire_key="none").status_code == 404
        assert begin(stage, questionnaire_version=0).status_code == 422
