"""From a question in vain to its answer: the chat on one side, the editors' pages on the other."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from core_api.kit.clock import FixedClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Sessions
from core_api.kit.outbox import handle_pending
from core_api.kit.web import Runtime
from dialogs.api import KnowledgeAnswers
from knowledge import api as knowledge
from tests.assistant.channels.kit import ChatWorld, Person
from tests.knowledge.conftest import COLLEAGUE, DOCTOR, EDITOR, FEE, PARKING, bearer, live, user_of

WHAT_IS_KEPT = tuple(type(FEE).model_fields)


class Hospital:
    """One web process with its patients and its editors."""

    def __init__(self, http: TestClient, sessions: Sessions, clock: FixedClock) -> None:
        self.http, self.sessions, self.clock = http, sessions, clock

    def patient(self) -> Person:
        someone = Person(self.http)
        someone.arrive()
        return someone

    def bank(self) -> list[dict[str, Any]]:
        handle_pending(self.sessions, knowledge.handlers(self.clock), self.clock)
        return list(self.editor("get", "/unanswered").json()["items"])

    def editor(self, method: str, path: str, body: object = None, name: str = "editor") -> Any:
        return self.http.request(method, f"/api/knowledge{path}", json=body, headers=bearer(name))


@pytest.fixture
def hospital(sessions: Sessions, keyring: Keyring, clock: FixedClock, tmp_path: Path) -> Iterator[Hospital]:
    with sessions.begin() as session:
        live(session, clock, FEE)
        live(session, clock, PARKING)
    knowledge.configure(sessions, tmp_path / "knowledge")
    answers: Any = KnowledgeAnswers(sessions, clock)
    world = ChatWorld(sessions, clock, tmp_path, answers)
    users = {"editor": user_of(EDITOR), "colleague": user_of(COLLEAGUE), "doctor": user_of(DOCTOR)}
    world.app.state.runtime = Runtime(sessions, clock, ZoneInfo("Asia/Shanghai"), keyring, tmp_path)
    world.app.state.authenticate = lambda _session, token: users.get(token)
    for router in knowledge.routers:
        world.app.include_router(router)
    with world.client() as http:
        yield Hospital(http, sessions, clock)


class TestFromVainToAnswered:
    @pytest.mark.covers("RC-2.1-6", "RC-KB-01", "RC-KB-03")
    def test_a_question_asked_in_vain_is_answered_once_it_is_an_entry(self, hospital: Hospital) -> None:
        asked = "病房里能带鹦鹉探视吗，我电话13800138000"
        assert "答不上来" in hospital.patient().reply_to(asked)
        (group,) = hospital.bank()
        assert (group["count"], "138" in group["text"]) == (1, False)

        draft = hospital.editor("post", f"/unanswered/{group['id']}/draft", {}).json()
        written = {name: draft["open"][name] for name in WHAT_IS_KEPT} | {
            "question": "宠物可以进病区吗？",
            "text_chat": "病区不能带宠物。",
            "answer_class": "education",
        }
        entry = f"/entries/{draft['id']}"
        kept = hospital.editor("put", f"{entry}/draft", {"content": written, "expected_version": draft["version"]})
        assert kept.status_code == 200, kept.text
        assert hospital.editor("post", f"{entry}/submit").status_code == 200
        colleague = hospital.editor("post", f"{entry}/review", {"decision": "approve"}, "colleague")
        assert colleague.status_code == 403
        assert hospital.editor("post", f"{entry}/review", {"decision": "approve"}, "doctor").status_code == 200
        assert hospital.editor("post", f"{entry}/publish", {}).json()["status"] == "published"

        for again in (asked, "病房里能带鹦鹉探视吗，我电话13900139000", "请问病房里能带鹦鹉探视吗"):
            assert hospital.patient().reply_to(again) == "病区不能带宠物。", again
        assert hospital.bank() == []


class TestTheBank:
    def test_what_somebody_says_who_waits_is_no_question(self, hospital: Hospital) -> None:
        person = hospital.patient()
        person.say("转人工")
        for said in ("我还在等", "还在吗", "怎么还没人回复", "人呢？", "好的谢谢", "转人工"):
            assert "答不上来" not in person.reply_to(said), said
        assert hospital.bank() == []

    def test_what_the_engine_knows_for_small_talk_is_no_question(self, hospital: Hospital) -> None:
        person = hospital.patient()
        person.say("我要投诉")
        assert hospital.bank() == []

    def test_a_follow_up_is_kept_once_and_whole(self, hospital: Hospital) -> None:
        person = hospital.patient()
        person.say("冷冻保存费怎么交？")
        person.say("那要几个工作日")
        assert [(one["text"], one["count"]) for one in hospital.bank()] == [("冷冻保存费要几个工作日", 1)]

    def test_none_of_what_was_offered_is_kept(self, hospital: Hospital) -> None:
        person = hospital.patient()
        (offered,) = person.say("停车")["replies"]
        buttons = [one for one in offered["quick_replies"] if one["label"] == "都不是"]
        assert buttons, offered["text"]
        assert hospital.bank() == []
        for number in range(2):
            person.say("都不是", choice=buttons[0]["choice"], client_id=f"none{number}")
        assert [(one["text"], one["count"]) for one in hospital.bank()] == [("停车", 1)]


class TestQuestionsToReadThrough:
    def listed(self, person: Person, words: str = "") -> list[str]:
        found = person.post("/questions", {"words": words})
        assert found.status_code == 200, found.text
        return [one["question"] for one in found.json()]

    @pytest.mark.covers("FT-R.24-1")
    def test_are_listed_found_and_changed_at_once(self, hospital: Hospital) -> None:
        person = hospital.patient()
        assert self.listed(person) == [FEE.question, PARKING.question]
        assert self.listed(person, "车停哪里")[0] == PARKING.question
        assert self.listed(person, "螺蛳粉") == []
        with hospital.sessions.begin() as session:
            live(session, hospital.clock, PARKING.model_copy(update={"question": "探视时间是几点？", "variants": ()}))
        assert "探视时间是几点？" in self.listed(person)
        assert self.listed(person, "探视") == ["探视时间是几点？"]

    def test_one_that_is_picked_is_answered_and_pinned(self, hospital: Hospital) -> None:
        person = hospital.patient()
        (_, parking) = person.post("/questions", {}).json()
        said = person.say(parking["question"], choice=f"entry:{parking['entry_id']}")
        assert [one["text"] for one in said["replies"]] == ["院内有停车场。"]
        given = hospital.editor("get", f"/given?entry_id={parking['entry_id']}").json()
        assert [one["revision"] for one in given["items"]] == [1]

    def test_leave_out_what_is_for_a_clinician_what_waits_and_what_is_over(self, hospital: Hospital) -> None:
        now = hospital.clock.now()
        dose = PARKING.model_copy(update={"question": "停车药吃几片？", "answer_class": "advice"})
        later = PARKING.model_copy(update={"question": "停车下月才收费？", "valid_from": now + timedelta(days=1)})
        over = PARKING.model_copy(update={"question": "停车上月免费？", "valid_until": now + timedelta(hours=1)})
        with hospital.sessions.begin() as session:
            for content in (dose, later, over):
                live(session, hospital.clock, content)
        hospital.clock.advance(timedelta(hours=2))
        assert self.listed(hospital.patient(), "停车") == [PARKING.question]

    def test_are_for_visitors_only(self, hospital: Hospital) -> None:
        assert hospital.http.post("/api/chat/questions", json={}).status_code == 401
