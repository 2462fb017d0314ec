"""A call from dialling to its end, over HTTP and sockets on loopback, at twenty times real pace."""

from pathlib import Path

import pytest

from core_api.kit.db import Sessions
from core_api.kit.outbox import OutboxEvent
from telephony.calls import repository
from tests.telephony.kit import ScriptedConversation, kept_audio, staged

pytestmark = pytest.mark.voice


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
        assert (call.disposition, call.transcript_source) == ("completed", "simulator")
        assert [heard.text for heard in conversation.heard][2] == "三十八度二"
        assert kept is not None
        audio = kept_audio(sessions, call_id, tmp_path / "recordings" / str(kept.file_name))
        assert audio.channels == 2
        assert abs(len(audio) - kept.duration_ms) < 100
        assert sorted(names) == ["call.answered", "call.ended", "call.started"]
        assert [event.data.get("mark") for event in events if event.kind == "turn"] == [
            "identity#1",
            "item:fever/boolean#2",
            "item:temperature/decimal#3",
            "closing#4",
        ]
