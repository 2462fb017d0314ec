"""The call's own words are in the transcript; a transfer reaches the carrier; listening noises do not interrupt."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from core_api.kit.db import Sessions
from core_api.kit.errors import Unavailable
from telephony import api
from telephony.calls import repository
from telephony.calls.schemas import ConversationSpec
from telephony.session.conversation import Heard, Spoken
from tests.telephony.kit import ScriptedConversation, Stage, staged

pytestmark = pytest.mark.voice
AGENT = "+8675512345678"


def kinds(stage: Stage, call_id: UUID) -> list[str]:
    with stage.runtime.sessions() as session:
        return [event.kind for event in repository.events(session, call_id)]


class TestKept:
    def test_what_is_left_on_a_mailbox(self, sessions: Sessions, tmp_path: Path) -> None:
        conversation = ScriptedConversation()
        with staged(sessions, tmp_path, conversation) as stage:
            assert stage.ended(stage.place("voicemail")).disposition == "voicemail"
        ((kind, text),) = conversation.last_words
        assert (kind, "再见" in text) == ("voicemail", True)

    def test_the_apology(self, sessions: Sessions, tmp_path: Path) -> None:
        conversation = ScriptedConversation(failure=Unavailable("没有回应"))
        with staged(sessions, tmp_path, conversation) as stage:
            assert stage.ended(stage.place("cooperative")).disposition == "bot_unavailable"
        ((kind, text),) = conversation.last_words
        assert (kind, "抱歉" in text) == ("sorry", True)

    def test_that_time_is_up(self, sessions: Sessions, tmp_path: Path) -> None:
        conversation = ScriptedConversation(places=("item:recovery/choice",) * 60)
        with staged(sessions, tmp_path, conversation) as stage:
            stage.ended(stage.place("cooperative", max_seconds=30))
        ((kind, text),) = conversation.last_words
        assert (kind, "时间较长" in text) == ("time_up", True)


@dataclass
class WantsPerson(ScriptedConversation):
    """Hands over after the first answer."""

    def respond(self, spec: ConversationSpec, heard: Heard) -> Spoken:
        self.heard.append(heard)
        actions: tuple[tuple[str, dict[str, str]], ...] = (("transfer", {"reason": "asked"}), ("hangup", {}))
        return Spoken(segments=("好的，我帮您转给工作人员。",), place="closing", expects="none", actions=actions)


class TestTransfer:
    @pytest.mark.covers("RC-OUT-03")
    def test_the_carrier_connects_the_patient_to_the_number(self, sessions: Sessions, tmp_path: Path) -> None:
        settings = api.VoiceSettings(transfer_number=AGENT)
        with staged(sessions, tmp_path, WantsPerson(), settings=settings) as stage:
            call_id = stage.place("cooperative")
            stage.ended(call_id)
            with sessions() as session:
                row = repository.row(session, call_id)
                known = stage.exchange.state.exchange.store.get(row.carrier_sid)
            assert known.transferred_to == AGENT
            assert "action.transfer" in kinds(stage, call_id)

    def test_without_a_number_nothing_is_connected(self, sessions: Sessions, tmp_path: Path) -> None:
        with staged(sessions, tmp_path, WantsPerson()) as stage:
            call_id = stage.place("cooperative")
            stage.ended(call_id)
            with sessions() as session:
                known = stage.exchange.state.exchange.store.get(repository.row(session, call_id).carrier_sid)
            assert known.transferred_to is None


class TestListening:
    def test_hm_into_a_question_neither_interrupts_nor_answers(self, sessions: Sessions, tmp_path: Path) -> None:
        conversation = ScriptedConversation(places=("item:recovery/choice", "item:exercise/choice", "item:diet/choice"))
        with staged(sessions, tmp_path, conversation, pace=10.0) as stage:
            call_id = stage.place("listener")
            assert stage.ended(call_id).disposition == "completed"
            assert "bot.interrupted" not in kinds(stage, call_id)
        assert not {heard.text for heard in conversation.heard} & {"嗯", "好的", "嗯嗯"}
