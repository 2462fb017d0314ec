"""The funnel: once each, at once where it is red, silent where a person took over."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from assistant import api as assistant
from core_api.alerts import service as alerts
from core_api.alerts.schemas import AlertFilter
from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions
from core_api.kit.errors import NotFound
from core_api.kit.outbox import OutboxEvent
from dialogs.api import Reply, Turn
from tests.conversations.harness import ZONE, Stage
from tests.fakes.engine import RulesEngine


@pytest.fixture
def stage(sessions: Sessions, clock: FixedClock) -> Stage:
    return Stage(sessions, clock, RulesEngine(sessions, clock, ZONE))


class TestReceive:
    def test_a_message_and_its_reply_are_kept_once(self, stage: Stage) -> None:
        conversation_id, _, _ = stage.begin()
        for _ in range(3):
            stage.turn(conversation_id, {"say": "是我"}, 1)
        with stage.sessions() as session:
            kept = assistant.messages(session, conversation_id)
        assert [message.sender for message in kept] == ["bot", "patient", "bot"]

    def test_a_red_flag_raises_an_alert_at_once(self, stage: Stage) -> None:
        conversation_id, _, _ = stage.begin()
        stage.turn(conversation_id, {"say": "我胸口很疼"}, 1)
        with stage.sessions() as session:
            raised = alerts.list_alerts(session, AlertFilter(), stage.clock).items
        assert [alert.level for alert in raised] == ["red"]

    def test_taken_over_the_bot_says_nothing(self, stage: Stage) -> None:
        conversation_id, _, _ = stage.begin()
        with stage.sessions.begin() as session:
            assistant.take_over(session, conversation_id, uuid4(), 0, stage.clock)
        assert stage.turn(conversation_id, {"say": "是我"}, 1).text == ""

    def test_a_reply_that_comes_after_the_last_words_is_dropped(self, stage: Stage) -> None:
        conversation_id, _, _ = stage.begin()
        sorry = Reply(text="非常抱歉，系统出了点问题。", expects="none")

        class Late(RulesEngine):
            def respond(self, turn: Turn) -> Reply:
                for _ in range(2):
                    with stage.sessions.begin() as session:
                        assistant.say_last(session, conversation_id, sorry, stage.clock, "call:sorry")
                return super().respond(turn)

        late = Stage(stage.sessions, stage.clock, Late(stage.sessions, stage.clock, ZONE))
        assert late.turn(conversation_id, {"say": "是我"}, 1).text == ""
        with stage.sessions() as session:
            kept = assistant.messages(session, conversation_id)
        assert [(one.sender, one.text == sorry.text) for one in kept][1:] == [("patient", False), ("bot", True)]

    def test_events_hold_ids_only(self, stage: Stage) -> None:
        conversation_id, _, _ = stage.begin()
        stage.turn(conversation_id, {"say": "我是王小丽本人"}, 1)
        with stage.sessions() as session:
            events = session.scalars(select(OutboxEvent).where(OutboxEvent.name == "message.added")).all()
        assert len(events) == 3
        assert all("王" not in str(event.data) for event in events)

    def test_an_unknown_conversation_is_refused(self, stage: Stage) -> None:
        with pytest.raises(NotFound):
            stage.turn(uuid4(), {"say": "喂"}, 1)
