"""Round robin, people who vanish, deadlines that are told; concurrent claims are in test_servers."""

from datetime import timedelta
from uuid import UUID

import pytest

from assistant.conversations import service as conversations
from assistant.desk import service as desk
from assistant.desk.queues import service as queues
from assistant.desk.queues.schemas import MemberIn
from core_api.identity.models import UserSession
from core_api.kit.db import new_id
from tests.assistant.desk.conftest import As
from tests.assistant.desk.world import World


class TestRoundRobin:
    def test_goes_round_among_those_who_accept(self, world: World) -> None:
        given = []
        for _ in range(4):
            given.append(world.case(world.handoff()[1]).assignee_id)
            world.clock.advance(timedelta(seconds=1))
        assert given[:2] == given[2:]
        assert set(given) == {world.users["nurse"], world.users["doctor"]}

    def test_leaves_out_the_paused_the_absent_and_the_full(self, world: World, as_user: As) -> None:
        as_user("doctor", "clinician").put("/api/desk/me/presence", json={"state": "paused"})
        first = [world.case(world.handoff()[1]).assignee_id for _ in range(9)]
        assert first == [world.users["nurse"]] * 8 + [None]

    def test_asks_for_the_skill(self, world: World) -> None:
        world.user("clerk", "nurse")
        with world.sessions.begin() as session:
            members = [
                MemberIn(user_id=world.users["clerk"]),
                MemberIn(user_id=world.users["doctor"], skills=("clinical",)),
            ]
            queues.set_members(session, world.queue_ids["客服"], members)
        world.duty("clerk", "客服")
        world.accept("clerk")
        case_id = world.open_case(kind="advice", reason_text="医疗问题")
        assert world.case(case_id).assignee_id == world.users["doctor"]

    def test_an_empty_rota_leaves_the_case_until_somebody_comes(self, world: World) -> None:
        world.user("late", "nurse")
        world.queue("生殖中心", "生殖中心", members=("late",))
        _, case_id = world.handoff(department="生殖中心")
        world.tick()
        assert world.case(case_id).assignee_id is None
        world.duty("late", "生殖中心")
        world.accept("late")
        world.tick()
        assert world.case(case_id).assignee_id == world.users["late"]


class TestSomebodyWhoVanishes:
    def _owned_by_nurse(self, world: World, as_user: As) -> tuple[UUID, UUID]:
        conversation_id, case_id = world.handoff()
        nurse = as_user("nurse", "nurse")
        assert nurse.post(f"/api/desk/conversations/{conversation_id}/take-over", json={"expected_epoch": 0}).is_success
        return conversation_id, case_id

    def test_signed_out_loses_the_conversation_to_the_next(self, world: World, as_user: As) -> None:
        conversation_id, case_id = self._owned_by_nurse(world, as_user)
        world.clock.advance(timedelta(minutes=4))
        world.accept("doctor")
        world.tick()
        with world.sessions() as session:
            now = conversations.conversation(session, conversation_id)
        assert (now.owner_id, now.status, now.epoch) == (None, "open", 2)
        assert world.case(case_id).assignee_id == world.users["doctor"]

    def test_signed_in_keeps_it_for_half_an_hour(self, world: World, as_user: As) -> None:
        conversation_id, _ = self._owned_by_nurse(world, as_user)
        with world.sessions.begin() as session:
            session.add(
                UserSession(
                    id=new_id(),
                    user_id=world.users["nurse"],
                    token_hash="x" * 64,
                    kind="cookie",
                    created_at=world.clock.now(),
                    expires_at=world.clock.now() + timedelta(hours=12),
                )
            )
        world.tick(20)
        with world.sessions() as session:
            assert conversations.conversation(session, conversation_id).owner_id == world.users["nurse"]
        world.tick(11)
        with world.sessions() as session:
            assert conversations.conversation(session, conversation_id).owner_id is None


class TestDeadlines:
    @pytest.mark.covers("TX-1.11-3")
    def test_a_warning_then_a_breach_each_told_once(self, world: World, as_user: As) -> None:
        _, case_id = world.handoff()
        world.tick(49)
        assert world.events("case.due_soon") == []
        for minutes in (1, 1, 8, 1, 60):
            world.tick(minutes)
        assert [event["case_id"] for event in world.events("case.due_soon")] == [str(case_id)]
        assert [event["case_id"] for event in world.events("case.breached")] == [str(case_id)]
        listed = as_user("nurse", "nurse").get("/api/desk/cases", params={"sla": "breached"}).json()
        assert [case["id"] for case in listed["items"]] == [str(case_id)]

    def test_an_answer_in_time_keeps_the_promise(self, world: World, as_user: As) -> None:
        conversation_id, case_id = world.handoff()
        nurse, path = as_user("nurse", "nurse"), f"/api/desk/conversations/{conversation_id}"
        nurse.post(f"{path}/take-over", json={"expected_epoch": 0})
        nurse.post(f"{path}/messages", json={"text": "您好", "dedupe_key": "1", "expected_epoch": 1})
        world.tick(120)
        assert world.events("case.breached") == []
        assert nurse.get(f"/api/desk/cases/{case_id}").json()["sla"]["state"] == "met"


class TestTheNotice:
    def test_is_said_out_of_hours_only(self, world: World) -> None:
        hours = [{"weekday": 5, "start": "08:00", "end": "12:00"}]
        world.queue("移植中心", "移植中心", hours=hours, out_of_hours_text="现在是非工作时间")
        with world.sessions() as session:
            assert desk.notice(session, "移植中心", world.clock) is None
            world.clock.advance(timedelta(hours=4))
            assert desk.notice(session, "移植中心", world.clock) == "现在是非工作时间"


class TestOpening:
    def test_the_same_source_twice_is_one_case(self, world: World) -> None:
        source = new_id()
        assert world.open_case(source_id=source) == world.open_case(source_id=source)

    def test_asked_for_twice_a_conversation_waits_in_one_case(self, world: World) -> None:
        conversation_id, case_id = world.handoff()
        assert world.open_case(conversation_id=conversation_id) == case_id
