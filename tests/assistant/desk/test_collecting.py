"""What people answer is collected for the editors: replies, notes of calls, shared canned replies."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from assistant.conversations import service as conversations
from core_api.kit.db import new_id
from knowledge import api as knowledge
from knowledge.candidates.schemas import CandidateFilter
from knowledge.candidates.service import list_candidates
from tests.assistant.desk.world import World
from tests.knowledge.conftest import PARKING, live

As = Callable[..., TestClient]
ASKED = "请问病房里可以带鹦鹉吗，我电话13800138000"
TOLD = "病区不能带宠物，请交给家人照看。"


class Talk:
    """A nurse who has a conversation."""

    def __init__(self, world: World, nurse: TestClient, asked: str = ASKED) -> None:
        self.world, self.nurse = world, nurse
        self.id = world.conversation(text=asked)
        with world.sessions.begin() as session:
            conversations.take_over(session, self.id, world.users["nurse"], 0, world.clock)

    def reply(self, words: str) -> Any:
        body = {"text": words, "dedupe_key": new_id().hex, "expected_epoch": 1}
        made = self.nurse.post(f"/api/desk/conversations/{self.id}/messages", json=body)
        assert made.status_code == 201, made.text
        self.world.handle()
        return made.json()

    def propose(self, message_id: str) -> Any:
        return self.nurse.post(f"/api/desk/conversations/{self.id}/messages/{message_id}/propose")


@pytest.fixture
def nurse(as_user: As) -> TestClient:
    return as_user("nurse", "nurse")


def collected(world: World) -> list[tuple[str, str, str]]:
    with world.sessions() as session:
        found = list_candidates(session, CandidateFilter(), world.clock, None, 50).items
    return [(one.question, one.answer, one.source_kind) for one in found]


class TestReplies:
    @pytest.mark.covers("RC-KB-01", "RC-GRP-52")
    def test_to_a_question_that_nobody_else_answers_become_a_candidate(self, world: World, nurse: TestClient) -> None:
        Talk(world, nurse).reply(TOLD)
        assert collected(world) == [("请问病房里可以带鹦鹉吗，我电话＊＊＊", TOLD, "desk")]

    def test_the_same_question_again_is_collected_once(self, world: World, nurse: TestClient) -> None:
        Talk(world, nurse).reply(TOLD)
        Talk(world, nurse, "病房里可以带鹦鹉吗").reply("不可以，鹦鹉会影响别的患者休息。")
        assert len(collected(world)) == 1

    def test_to_what_the_base_answers_are_not_collected(self, world: World, nurse: TestClient) -> None:
        with world.sessions.begin() as session:
            live(session, world.clock, PARKING)
        Talk(world, nurse, "医院能停车吗？").reply("可以停的，车库在门诊楼的下面。")
        assert collected(world) == []

    @pytest.mark.parametrize(
        ("asked", "told"),
        [
            ("护士你好", TOLD),
            (ASKED, "好的"),
            (ASKED, "您说的是哪个病房，住几楼的呢？"),
            ("我的检查单已经交上去了", TOLD),
        ],
    )
    def test_that_answer_no_question_are_not_collected(
        self, world: World, nurse: TestClient, asked: str, told: str
    ) -> None:
        Talk(world, nurse, asked).reply(told)
        assert collected(world) == []

    def test_a_second_reply_answers_the_second_question(self, world: World, nurse: TestClient) -> None:
        talk = Talk(world, nurse)
        talk.reply(TOLD)
        talk.reply("另外告诉您，楼下的花店可以寄放宠物。")
        world.say(talk.id, "花店几点开门")
        talk.reply("花店早上八点开门，晚上六点关门。")
        assert [question for question, _, _ in collected(world)] == [
            "花店几点开门",
            "请问病房里可以带鹦鹉吗，我电话＊＊＊",
        ]

    def test_are_proposed_by_hand_once(self, world: World, nurse: TestClient) -> None:
        with world.sessions.begin() as session:
            live(session, world.clock, PARKING)
        talk = Talk(world, nurse, "医院能停车吗？")
        made = talk.reply("可以停")
        assert [talk.propose(made["id"]).status_code for _ in range(2)] == [204, 204]
        assert collected(world) == [("医院能停车吗？", "可以停", "desk")]

    def test_without_a_question_before_cannot_be_proposed(self, world: World, nurse: TestClient) -> None:
        talk = Talk(world, nurse, "护士你好")
        refused = talk.propose(talk.reply("您好，我是今天值班的护士。")["id"])
        assert (refused.status_code, refused.json()["code"]) == (409, "no_question")


class TestOfCalls:
    def test_the_note_that_ends_a_case_answers_what_was_asked(self, world: World, nurse: TestClient) -> None:
        conversation_id = world.conversation(text="病房里可以带鹦鹉吗", channel="voice")
        case_id = world.open_case(conversation_id=conversation_id, kind="unanswered", call_id=new_id())
        assert nurse.post(f"/api/desk/cases/{case_id}/resolve", json={"note": TOLD}).status_code == 200
        assert collected(world) == [("病房里可以带鹦鹉吗", TOLD, "call")]

    def test_a_note_on_a_red_flag_is_none(self, world: World, nurse: TestClient) -> None:
        conversation_id = world.conversation(text="病房里可以带鹦鹉吗", channel="voice")
        case_id = world.open_case(conversation_id=conversation_id, kind="other", call_id=new_id())
        nurse.post(f"/api/desk/cases/{case_id}/resolve", json={"note": TOLD})
        assert collected(world) == []


class TestCannedReplies:
    body = {"shortcut": "cw", "title": "病房里可以带宠物吗", "text": TOLD}  # noqa: RUF012 - read only

    @pytest.mark.covers("RC-KB-01", "RC-KB-02")
    def test_shared_ones_are_collected_and_offered_after_a_slash(self, world: World, as_user: As) -> None:
        doctor = as_user("doctor", "clinician")
        made = doctor.post("/api/desk/replies", json=self.body | {"shared": True})
        assert made.status_code in {200, 201}, made.text
        assert collected(world) == [("病房里可以带宠物吗", TOLD, "canned")]
        offered = as_user("nurse", "nurse").get("/api/desk/replies").json()
        assert "cw" in [one["shortcut"] for one in offered]

    def test_personal_ones_stay_personal(self, world: World, nurse: TestClient) -> None:
        nurse.post("/api/desk/replies", json=self.body)
        assert collected(world) == []


def test_a_candidate_answers_nobody(world: World, nurse: TestClient) -> None:
    Talk(world, nurse).reply(TOLD)
    asked = knowledge.Asked(text=ASKED, channel="web", message_id="m1", conversation_id=UUID(int=1))
    with world.sessions.begin() as session:
        assert knowledge.answer(session, asked, world.clock).kind == "none"
