"""转人工 in a call is a case at the desk, with the call; once however often it is asked for."""

import pytest

from assistant import api as assistant
from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions, new_id
from dialogs.api import Action, Reply
from huifang import call_cases
from telephony.api import ConversationSpec
from tests.assistant.desk.world import World


@pytest.mark.covers("RC-2.1-7b")
class TestOpenCases:
    def test_a_person_asked_for_in_a_call_gets_one_case(self, sessions: Sessions, clock: FixedClock) -> None:
        world = World(sessions, clock)
        world.queue("客服")
        conversation_id = world.conversation(world.patient(), "我要找人工", channel="voice")
        spec = ConversationSpec(conversation_id=conversation_id, patient_id=new_id(), department="肾移植中心")
        reply = Reply(text="好的", expects="none", actions=(Action(kind="open_case", data={"reason": "wants_person"}),))
        for _ in range(2):
            with sessions.begin() as session:
                assert call_cases.open_cases(session, spec, reply, clock) == 1
        opened = world.events("case.opened")
        assert [(event["kind"], event["urgency"]) for event in opened] == [("handoff", "high")]

    def test_a_case_that_a_reply_promised_before_its_process_died_is_opened_at_the_end_of_the_call(
        self, sessions: Sessions, clock: FixedClock
    ) -> None:
        world = World(sessions, clock)
        world.queue("客服")
        conversation_id = world.conversation(world.patient(), "我要投诉", channel="voice")
        spec = ConversationSpec(conversation_id=conversation_id, patient_id=new_id())
        reply = Reply(
            text="已经登记", expects="none", actions=(Action(kind="open_case", data={"reason": "complaint"}),)
        )
        for _ in range(2):
            with sessions.begin() as session:
                assistant.say(session, conversation_id, reply, clock, "reply:1")
                call_cases.open_promised(session, spec, clock)
        assert [event["kind"] for event in world.events("case.opened")] == ["other"]

    def test_a_reply_that_asks_for_nobody_opens_nothing(self, sessions: Sessions, clock: FixedClock) -> None:
        world = World(sessions, clock)
        spec = ConversationSpec(conversation_id=new_id(), patient_id=new_id())
        with sessions.begin() as session:
            assert call_cases.open_cases(session, spec, Reply(text="好", expects="none"), clock) == 0
        assert world.events("case.opened") == []
