"""Those who received a revision are told of its correction, each once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from assistant.corrections import service as corrections
from assistant.corrections.endpoints import router
from core_api.kit.clock import FixedClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Sessions
from core_api.kit.web import Runtime
from core_api.patients import service as patients
from core_api.patients.schemas import PatientIn
from dialogs.api import KnowledgeAnswers
from knowledge import api as knowledge
from tests.assistant.channels.kit import ChatWorld, Person
from tests.knowledge.conftest import COLLEAGUE, EDITOR, FEE, bearer, live, user_of

WORDS = "之前告诉您的缴费方式有误，请到一楼收费处办理。"


@pytest.fixture
def world(sessions: Sessions, keyring: Keyring, clock: FixedClock, tmp_path: Path) -> ChatWorld:
    with sessions.begin() as session:
        live(session, clock, FEE)
    knowledge.configure(sessions, tmp_path / "knowledge")
    answers: Any = KnowledgeAnswers(sessions, clock)
    made = ChatWorld(sessions, clock, tmp_path, answers)
    users = {"editor": user_of(EDITOR), "colleague": user_of(COLLEAGUE)}
    made.app.state.runtime = Runtime(sessions, clock, ZoneInfo("Asia/Shanghai"), keyring, tmp_path)
    made.app.state.authenticate = lambda _session, token: users.get(token)
    made.app.include_router(router)
    return made


@pytest.fixture
def http(world: ChatWorld) -> Iterator[TestClient]:
    with world.client() as client:
        yield client


def asks(http: TestClient) -> Person:
    someone = Person(http)
    someone.arrive()
    someone.say(FEE.question)
    return someone


def entry(sessions: Sessions) -> UUID:
    with sessions() as session:
        return UUID(str(session.scalar(text("select id from knowledge_entries"))))


def correct(http: TestClient, entry_id: UUID, revision: int = 1, who: str = "editor", words: str = WORDS) -> Any:
    body = {"entry_id": str(entry_id), "revision": revision, "text": words}
    return http.post("/api/desk/corrections", json=body, headers=bearer(who))


def lines(person: Person) -> list[str]:
    return [one["text"] for one in person.get("/messages").json()["items"]]


class TestCorrections:
    @pytest.mark.covers("RC-KB-04")
    def test_reach_everybody_who_received_the_revision_once(self, http: TestClient, sessions: Sessions) -> None:
        told, other = asks(http), Person(http)
        other.arrive()
        for _ in range(2):
            assert correct(http, entry(sessions)).json() == {"written": 1, "to_call": 0, "left": 0}
        assert lines(told).count(f"更正：{WORDS}") == 1
        assert not any("更正" in line for line in lines(other))

    def test_go_on_where_one_request_ended(
        self, http: TestClient, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        people = [asks(http) for _ in range(3)]
        monkeypatch.setattr(corrections, "AT_ONCE", 2)
        assert [correct(http, entry(sessions)).json()["left"] for _ in range(2)] == [1, 0]
        assert all(lines(one).count(f"更正：{WORDS}") == 1 for one in people)

    def test_who_heard_it_on_the_telephone_is_called_back_by_people(
        self, http: TestClient, sessions: Sessions, clock: FixedClock
    ) -> None:
        wanted = PatientIn(record_number="B1", name="王小丽", gender="female", department="生殖中心")
        with sessions.begin() as session:
            patient_id = patients.upsert_patient(session, wanted, clock).patient_id
        asked = knowledge.Asked(text=FEE.question, channel="phone", message_id=uuid4().hex, patient_id=patient_id)
        knowledge.ask(sessions, asked, clock)
        for _ in range(2):
            assert correct(http, entry(sessions)).json() == {"written": 0, "to_call": 1, "left": 0}
        with sessions() as session:
            (case,) = session.execute(text("select kind, urgency, department, reason_text from desk_cases"))
        assert tuple(case) == ("other", "high", "生殖中心", corrections.REASON)

    def test_of_a_revision_that_nobody_received_say_so(self, http: TestClient, sessions: Sessions) -> None:
        refused = correct(http, entry(sessions), revision=7)
        assert (refused.status_code, refused.json()["code"]) == (404, "no_recipients")

    def test_need_the_right_to_publish_and_words(self, http: TestClient, sessions: Sessions) -> None:
        asks(http)
        assert correct(http, entry(sessions), who="nobody").status_code == 401
        assert correct(http, entry(sessions), words="  错  ").status_code == 422
