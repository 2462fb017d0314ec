"""Every conversation of the YAML files, against the engine of plain rules."""

from typing import Any

import pytest

from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions
from tests.conversations.harness import ZONE, Stage, check_end, names
from tests.fakes.engine import AbsentEngine, RulesEngine

CASES = names()


@pytest.fixture
def stage(sessions: Sessions, clock: FixedClock) -> Stage:
    return Stage(sessions, clock, RulesEngine(sessions, clock, ZONE))


@pytest.mark.covers("RC-OUT-01", "RC-OUT-02", "RC-OUT-03", "RC-EDU-08")
@pytest.mark.parametrize("script", [case for _, case in CASES], ids=[name for name, _ in CASES])
def test_conversation_goes_as_written(stage: Stage, script: dict[str, Any]) -> None:
    check_end(script, stage.play(script))


class TestWithoutAnEngine:
    def test_keys_carry_the_call_after_one_honest_sentence(self, sessions: Sessions, clock: FixedClock) -> None:
        stage = Stage(sessions, clock, AbsentEngine())
        turns = [{"say": "是我", "bot": ["请您按键", "请按1"]}, {"key": "1", "bot": "恢复得怎么样"}, {"key": "1"}]
        played = stage.play({"turns": turns})
        assert played.answers["recovery"] == "good"

    def test_the_second_failure_closes_the_call_and_opens_a_case(self, sessions: Sessions, clock: FixedClock) -> None:
        stage = Stage(sessions, clock, AbsentEngine())
        played = stage.play({"turns": [{"say": "是我"}, {"say": "是我啊", "bot": "再见"}]})
        assert played.outcome.disposition == "bot_unavailable"
        assert {"open_case", "hangup"} <= set(played.actions)


class TestReceive:
    def test_the_same_message_twice_is_answered_once(self, stage: Stage) -> None:
        conversation_id, _, _ = stage.begin()
        first = stage.turn(conversation_id, {"say": "是我"}, 1)
        assert stage.turn(conversation_id, {"say": "是我"}, 1) == first
