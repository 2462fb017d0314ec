"""The same conversations against a trained Rasa, and what happens when it dies."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core_api.kit.clock import FixedClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Sessions
from core_api.kit.web import Runtime
from dialogs.api import RasaEngine
from tests.conversations.harness import ZONE, Stage, check_end, names
from tests.conversations.rasa import RasaProcess
from tools import environments, model

pytestmark = [pytest.mark.dialogue, pytest.mark.timeout(300)]
CASES = names()


@pytest.fixture
def stage(
    rasa: RasaProcess, sessions: Sessions, clock: FixedClock, keyring: Keyring, tmp_path: Path
) -> Iterator[Stage]:
    rasa.actions.use(Runtime(sessions, clock, ZONE, keyring, tmp_path))
    engine = RasaEngine(rasa.url, 10.0)
    yield Stage(sessions, clock, engine)
    engine.close()


@pytest.mark.covers("RC-OUT-01", "RC-OUT-02", "RC-OUT-03")
@pytest.mark.parametrize("script", [case for _, case in CASES], ids=[name for name, _ in CASES])
def test_conversation_goes_as_written(stage: Stage, script: dict[str, Any]) -> None:
    check_end(script, stage.play(script))


class TestKilledMidCall:
    def test_keys_carry_on_and_what_was_answered_is_kept(
        self, rasa: RasaProcess, sessions: Sessions, clock: FixedClock, keyring: Keyring, tmp_path: Path
    ) -> None:
        own = RasaProcess(rasa.actions)
        own.actions.use(Runtime(sessions, clock, ZONE, keyring, tmp_path))
        own.start()
        stage = Stage(sessions, clock, RasaEngine(own.url, 10.0))
        conversation_id, _, _ = stage.begin()
        stage.turn(conversation_id, {"say": "是我"}, 1)
        stage.turn(conversation_id, {"say": "挺好的"}, 2)
        own.stop()
        spoken = stage.turn(conversation_id, {"say": "没有"}, 3)
        assert "请您按键" in spoken.text
        pressed = stage.turn(conversation_id, {"key": "2"}, 4)
        assert pressed.item_link_id == "urine_less"


ANSWERS_CHECKED = """
import json, serve
from jsonschema import ValidationError
from rasa.core.actions.action import RemoteAction

serve.check_schema_once(RemoteAction)
action = RemoteAction("action_huifang", None)
given = [{"events": [], "responses": [{"text": "好"}]}, {"events": {}}, {"events": [], "responses": ["好"]}]
told = []
for one in given:
    try:
        told.append(action._validate_action_result(one))
    except ValidationError as error:
        told.append(error.validator)
print(json.dumps(told))
"""


def test_what_actions_answer_is_still_checked() -> None:
    python = environments.ensure(environments.RASA)
    command = [str(python), "-c", ANSWERS_CHECKED]
    done = subprocess.run(command, env=model.rasa_environment(), capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [True, "type", "type"]
