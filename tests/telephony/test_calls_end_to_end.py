"""A call from dialling to its end, over HTTP and sockets on loopback, at twenty times real pace."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core_api.kit.db import Sessions, new_id
from core_api.kit.outbox import OutboxEvent
from telephony.audio.pcm import Pcm16
from telephony.calls import repository
from tests.telephony.kit import ScriptedConversation, ToneVoice, kept_audio, request, staged

pytestmark = pytest.mark.voice


def _places(turn: dict[str, Any]) -> list[int]:
    """Where a turn's words begin and end in the recording, the bot's before the patient's."""
    return [*turn["bot_ms"], *turn.get("patient_ms", ())]


class TestCall:
    def test_a_cooperative_patient_is_heard_to_the_end(self, sessions: Sessions, tmp_path: Path) -> None:
        conversation = ScriptedConversation()
        with staged(sessions, tmp_path, conversation) as stage:
            call_id = stage.place("cooperative")
            call = stage.ended(call_id)
            with sessions() as session:
                kept = repository.recording(session, call_id)
                names = [row.name for row in session.query(OutboxEvent).order_by(OutboxEvent.seq)]
                events = repository.events(session, call_id)
                drawn, measured = repository.waveform(session, call_id), repository.quality(session, call_id)
        assert (call.disposition, call.transcript_source) == ("completed", "simulator")
        assert [heard.text for heard in conversation.heard][2] == "三十八度二"
        assert kept is not None
        audio = kept_audio(sessions, call_id, tmp_path / "recordings" / str(kept.file_name))
        assert audio.channels == 2
        assert abs(len(audio) - kept.duration_ms) < 100
        assert drawn is not None
        assert measured is not None
        assert abs(len(drawn.bot) * drawn.step_ms - kept.duration_ms) < drawn.step_ms + 20
        assert max(drawn.bot) > 0 == max(drawn.patient)
        places = [place for event in events if event.kind == "turn" for place in _places(event.data)]
        assert places == sorted(places)
        assert places[-1] <= kept.duration_ms + 100
        assert (measured.bot is not None and measured.bot.speech_dbfs) == pytest.approx(-21.3, abs=1)
        assert sorted(names) == ["call.answered", "call.ended", "call.started"]
        assert [event.data.get("mark") for event in events if event.kind == "turn"] == [
            "identity#1",
            "item:fever/boolean#2",
            "item:temperature/decimal#3",
            "closing#4",
        ]

    def test_an_older_patient_is_spoken_to_slowly_and_given_time(self, sessions: Sessions, tmp_path: Path) -> None:
        conversation = ScriptedConversation()
        spec = request(new_id()).conversation.model_copy(update={"elder": True})
        with staged(sessions, tmp_path, conversation, slow_voice=SlowTone()) as stage:
            call_id = stage.place("cooperative", conversation=spec)
            assert stage.ended(call_id).disposition == "completed"
            with sessions() as session:
                said = [one.data["bot_ms"] for one in repository.events(session, call_id) if one.kind == "turn"]
        opening = said[0][1] - said[0][0]
        assert opening == pytest.approx(200 * len("您好，请问是本人吗？"), abs=40)


class SlowTone(ToneVoice):
    """Takes twice as long."""

    def say(self, text: str) -> Pcm16:
        return np.repeat(super().say(text), 2)
