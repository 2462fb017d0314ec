"""Whole calls over ARI and the exchange's audio, against a fake exchange on loopback."""

from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import text

from core_api.kit.db import Sessions
from telephony import api
from telephony.audio.pcm import alaw_to_pcm, level_dbfs, pcm_to_alaw
from telephony.calls import repository
from telephony.carriers.asterisk.account import sid_of
from telephony.session.conversation import Spoken
from telephony.speech.choosing import HearingChoice, Recognition
from tests.fakes.asterisk import Channel
from tests.fakes.asterisk_media import Patient
from tests.fakes.recogniser import FakeRecogniser
from tests.telephony.asterisk_kit import Site, site
from tests.telephony.kit import NUMBER, ScriptedConversation, kept_audio, wait_for

pytestmark = pytest.mark.voice
SPEECH = tuple(pcm_to_alaw((np.sin(np.arange(160) * (0.3 + n / 50)) * 6000).astype(np.int16)) for n in range(40))
TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "audiosocket"])


class Transferring(ScriptedConversation):
    """Sends everybody on."""

    def open(self, spec: object) -> Spoken:
        return Spoken(segments=("转人工。",), place="closing", expects="none", actions=(("transfer", {}),))


class TestCall:
    @TRANSPORTS
    def test_a_patient_answers_by_keys_to_the_end(self, sessions: Sessions, tmp_path: Path, transport: str) -> None:
        conversation = ScriptedConversation()
        patient = Patient(keys=("1", "2", "3"), frames=SPEECH[:10] if transport == "websocket" else ())
        with site(sessions, tmp_path, conversation, transport=transport) as here:
            call_id = here.place(patient)
            call = here.ended(call_id)
            line = here.line(call_id)
            with sessions() as session:
                kept = repository.recording(session, call_id)
            wait_for(lambda: not here.fake.channels and not here.fake.bridges)
        assert (call.disposition, [heard.key for heard in conversation.heard]) == ("completed", ["1", "2", "3"])
        decode = alaw_to_pcm if transport == "websocket" else lambda data: np.frombuffer(data, "<i2")
        assert level_dbfs(np.concatenate([decode(frame) for frame in line.heard])) > -25
        assert kept is not None
        assert kept_audio(sessions, call_id, tmp_path / "recordings" / str(kept.file_name)).channels == 2

    def test_what_the_patient_hears_is_known_from_the_exchange(self, sessions: Sessions, tmp_path: Path) -> None:
        conversation = ScriptedConversation()
        with site(sessions, tmp_path, conversation) as here:
            call_id = here.place(Patient(keys=("1", "2", "3")))
            here.ended(call_id)
            turns = [event.data for event in here.events(call_id) if event.kind == "turn"]
        assert [turn["heard_whole"] for turn in turns] == [True] * 4

    @TRANSPORTS
    def test_a_patient_who_hangs_up_ends_it(self, sessions: Sessions, tmp_path: Path, transport: str) -> None:
        with site(sessions, tmp_path, ScriptedConversation(), transport=transport) as here:
            call_id = here.place(Patient(hangs_up_after=0.5))
            call = here.ended(call_id)
            wait_for(lambda: "completed" in _statuses(here, call_id))
        assert call.disposition == "silent"

    def test_an_answering_machine_gets_the_message(self, sessions: Sessions, tmp_path: Path) -> None:
        conversation = ScriptedConversation()
        settings = api.VoiceSettings(voicemail_text="{hospital}再见。")
        with site(sessions, tmp_path, conversation, settings=settings) as here:
            call = here.ended(here.place(Patient(machine=True)))
        assert (call.disposition, [kind for kind, _ in conversation.last_words]) == ("voicemail", ["voicemail"])

    def test_a_transfer_leaves_the_patients_line_to_the_dialplan(self, sessions: Sessions, tmp_path: Path) -> None:
        settings = api.VoiceSettings(transfer_number="8001")
        with site(sessions, tmp_path, Transferring(), settings=settings) as here:
            call_id = here.place(Patient())
            here.ended(call_id)
            wait_for(lambda: not here.fake.bridges)
            assert here.fake.left == {sid_of(call_id): "8001"}
            assert list(here.fake.channels) == [sid_of(call_id)]

    def test_a_key_interrupts_and_what_was_queued_is_dropped(self, sessions: Sessions, tmp_path: Path) -> None:
        class Long(ScriptedConversation):
            def open(self, spec: object) -> Spoken:
                return Spoken(segments=("很长" * 40,), place="identity")

        with site(sessions, tmp_path, Long()) as here:
            call_id = here.place(Patient(cuts_in="1", hangs_up_after=2.5))
            here.ended(call_id)
            line = here.line(call_id)
        assert "bot.interrupted" in here.kinds(call_id)
        assert line.flushes >= 1
        assert len(line.heard) * 0.02 < 2.5


class TestACallToUs:
    @TRANSPORTS
    def test_is_written_down_and_held_to_its_end(self, sessions: Sessions, tmp_path: Path, transport: str) -> None:
        conversation = ScriptedConversation()
        with site(sessions, tmp_path, conversation, transport=transport) as here:
            _call_in(here, Patient(keys=("1", "2", "3")))
            call = _arrived(here)
            wait_for(lambda: not here.fake.channels and not here.fake.bridges)
            call = here.ended(call.id)
            statuses = _statuses(here, call.id)
        assert [heard.key for heard in conversation.heard] == ["1", "2", "3"]
        assert (call.direction, call.caller_masked, call.disposition) == ("inbound", "138****8000", "completed")
        assert "completed" in statuses
        assert conversation.spec is not None
        assert (conversation.spec.caller, conversation.spec.purpose) == (NUMBER, "inbound")

    def test_whose_caller_hangs_up_is_over(self, sessions: Sessions, tmp_path: Path) -> None:
        with site(sessions, tmp_path, ScriptedConversation()) as here:
            _call_in(here, Patient(hangs_up_after=0.5))
            call = here.ended(_arrived(here).id)
        assert call.disposition == "silent"

    def test_that_wants_a_person_is_left_to_the_dialplan(self, sessions: Sessions, tmp_path: Path) -> None:
        settings = api.VoiceSettings(transfer_number="8001")
        with site(sessions, tmp_path, Transferring(), settings=settings) as here:
            _call_in(here, Patient())
            here.ended(_arrived(here).id)
            wait_for(lambda: not here.fake.bridges)
            left = dict(here.fake.left)
        assert list(left.values()) == ["8001"]

    def test_that_cannot_be_written_down_is_told_in_a_sentence(self, sessions: Sessions, tmp_path: Path) -> None:
        settings = api.VoiceSettings(inbound_text="再见。")
        with site(sessions, tmp_path, ScriptedConversation(), settings=settings) as here:
            with sessions.begin() as session:
                session.execute(text("ALTER TABLE calls RENAME TO calls_away"))
            _call_in(here, Patient())
            wait_for(lambda: bool(here.fake.lines) and not here.fake.channels)
            heard = [frame for line in here.fake.lines.values() for frame in line.heard]
        assert len(heard) == 15


class TestEarlyMedia:
    def test_are_heard_and_not_spoken_into(self, sessions: Sessions, tmp_path: Path) -> None:
        with site(sessions, tmp_path, ScriptedConversation()) as here:
            call_id = here.place(Patient(early=_busy_tone(), answers=False))
            call = here.ended(call_id)
            line = here.line(call_id)
        assert (call.disposition, call.answered_at) == ("busy", None)
        assert line.heard == []

    @pytest.mark.parametrize(
        ("words", "confidence", "cause", "disposition"),
        [
            (("已", "关机"), 0.97, 16, "unreachable"),
            (("是", "空号"), 0.95, 127, "invalid_number"),
            (("是", "空号"), 0.6, 16, "no_answer"),
            (("是", "空号"), 0.95, 17, "busy"),
            ((), 0.9, 19, "no_answer"),
        ],
    )
    def test_an_announcement_counts_if_its_words_are_sure_and_no_cause_says_more(
        self,
        sessions: Sessions,
        tmp_path: Path,
        words: tuple[str, ...],
        confidence: float,
        cause: int,
        disposition: str,
    ) -> None:
        recogniser = FakeRecogniser(words, confidence)
        hearing = HearingChoice("vosk", Recognition("vosk", recogniser, lambda _family: 0.9))
        with site(sessions, tmp_path, ScriptedConversation(), hearing=hearing) as here:
            call = here.ended(here.place(Patient(early=SPEECH, cause=cause)))
        assert call.disposition == disposition
        assert (recogniser.taken > 0) == (cause != 17)

    @pytest.mark.parametrize(
        ("cause", "disposition"),
        [(1, "invalid_number"), (17, "busy"), (19, "no_answer"), (20, "unreachable"), (21, "rejected"),
         (27, "unreachable"), (34, "carrier_failed"), (38, "unreachable"), (42, "carrier_failed")],
    )  # fmt: skip
    def test_the_networks_cause_is_the_outcome(
        self, sessions: Sessions, tmp_path: Path, cause: int, disposition: str
    ) -> None:
        with site(sessions, tmp_path, ScriptedConversation()) as here:
            call = here.ended(here.place(Patient(cause=cause, rings_seconds=0)))
        assert (call.disposition, call.answered_at) == (disposition, None)


def _call_in(here: Site, caller: Patient) -> None:
    """Somebody calls: the dialplan hands the channel to our application."""

    async def enter() -> None:
        channel = Channel(f"17.{uuid4()}", "PJSIP/trunk-1", "huifang", state="Ring", caller="13800138000")
        channel.patient = caller
        here.fake.channels[channel.id] = channel
        await here.fake.enter(channel, ["in"])

    wait_for(lambda: "huifang" in here.fake.listeners)
    here.do(enter())


def _arrived(here: Site) -> api.CallView:
    def listed() -> list[api.CallView]:
        with here.runtime.sessions() as session:
            found = api.calls(session, api.CallFilter()).items
            session.rollback()
        return found

    wait_for(lambda: bool(listed()))
    return listed()[0]


def _statuses(here: Site, call_id: object) -> list[str]:
    return [event.data["status"] for event in here.events(call_id) if event.kind == "carrier.status"]  # type: ignore[arg-type]


def _busy_tone() -> tuple[bytes, ...]:
    on = np.sin(2 * np.pi * 450 * np.arange(2800) / 8000) * 4000
    whole = np.tile(np.concatenate([on, np.zeros(2800)]), 5).astype(np.int16)
    data = pcm_to_alaw(whole)
    return tuple(data[start : start + 160] for start in range(0, len(data), 160))
