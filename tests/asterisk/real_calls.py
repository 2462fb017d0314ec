"""Calls over a real Asterisk with the files of deploy/asterisk: `make test-asterisk`.

A second Asterisk is the telephone network: it answers by SIP as patients do, and records what they hear.
"""

from pathlib import Path

import pytest

from core_api.kit.db import Sessions
from telephony import api
from telephony.audio.pcm import RATE_HZ, level_dbfs
from telephony.calls import repository
from telephony.carriers.asterisk.account import sid_of
from telephony.session.conversation import Spoken
from tests.asterisk.hospital import ALIKE, AUDIBLE_DBFS, EachItsOwn, hospital, kept, likeness, tell, wav
from tests.asterisk.pbx import Asterisk
from tests.telephony.kit import ScriptedConversation, wait_for

pytestmark = pytest.mark.timeout(120)
TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "audiosocket"])


class Transferring(ScriptedConversation):
    """Sends everybody on."""

    def open(self, spec: object) -> Spoken:
        return Spoken(segments=("正在为您转接。",), place="closing", expects="none", actions=(("transfer", {}),))


class TestFollowUp:
    @TRANSPORTS
    def test_a_call_is_dialled_answered_heard_on_both_sides_and_keyed(
        self, pair: tuple[Asterisk, Asterisk], sessions: Sessions, tmp_path: Path, transport: str
    ) -> None:
        number = "13800000101" if transport == "websocket" else "13800000102"
        conversation = ScriptedConversation()
        with hospital(pair, sessions, tmp_path, conversation, transport=transport) as here:
            call_id = here.place(number)
            call = here.ended(call_id)
            patient, bot = kept(tmp_path, here, call_id)
            wait_for(here.is_idle)
            statuses = here.statuses(call_id)
        heard = here.recorded(number)
        said = wav(here.network.folder / "recordings" / "patient.wav")
        caller = (here.network.folder / "recordings" / f"caller-{number}").read_text().strip()
        figures = {
            "patient_at_us_dbfs": level_dbfs(patient),
            "bot_in_our_recording_dbfs": level_dbfs(bot),
            "bot_at_patient_dbfs": level_dbfs(heard),
            "patients_words_at_us": likeness(patient, said),
            "our_words_at_patient": likeness(heard, here.runtime.synthesizer.say("下一个问题。")),
        }
        tell(transport=transport, keys=[one.key for one in conversation.heard], caller=caller, statuses=statuses,
             seconds=call.duration_seconds, **figures)  # fmt: skip
        assert call.disposition == "completed"
        assert [one.key for one in conversation.heard if one.key] == ["1", "2", "3"]
        assert statuses == ["initiated", "ringing", "in-progress", "completed"]
        assert caller == "02012345678"
        assert min(figures["patient_at_us_dbfs"], figures["bot_at_patient_dbfs"]) > AUDIBLE_DBFS
        assert min(figures["patients_words_at_us"], figures["our_words_at_patient"]) > ALIKE

    def test_a_patient_who_hangs_up_ends_it(
        self, pair: tuple[Asterisk, Asterisk], sessions: Sessions, tmp_path: Path
    ) -> None:
        with hospital(pair, sessions, tmp_path, ScriptedConversation()) as here:
            call = here.ended(here.place("13800000200"))
            wait_for(here.is_idle)
        assert (call.disposition, call.duration_seconds in {2, 3, 4}) == ("silent", True)

    def test_ten_at_once(self, pair: tuple[Asterisk, Asterisk], sessions: Sessions, tmp_path: Path) -> None:
        with hospital(pair, sessions, tmp_path, EachItsOwn()) as here:
            calls = [here.place(f"138000001{n:02d}") for n in range(10, 20)]
            ends = [here.ended(call_id).disposition for call_id in calls]
            late = []
            for call_id in calls:
                with sessions() as session:
                    late.append(repository.row(session, call_id).late_frames)
            wait_for(here.is_idle)
        tell(ends=ends, late_frames=late)
        assert ends == ["completed"] * 10


class TestNoAnswer:
    @pytest.mark.parametrize(
        ("cause", "disposition"),
        [(1, "invalid_number"), (17, "busy"), (19, "no_answer"), (20, "unreachable"), (21, "rejected"),
         (27, "unreachable"), (34, "carrier_failed"), (38, "unreachable"), (42, "carrier_failed")],
    )  # fmt: skip
    def test_the_networks_cause_is_the_outcome(
        self, pair: tuple[Asterisk, Asterisk], sessions: Sessions, tmp_path: Path, cause: int, disposition: str
    ) -> None:
        with hospital(pair, sessions, tmp_path, ScriptedConversation()) as here:
            call = here.ended(here.place(f"13800009{cause:03d}"))
            wait_for(here.is_idle)
        assert (call.disposition, call.answered_at) == (disposition, None)

    def test_a_busy_tone_in_early_media_is_known(
        self, pair: tuple[Asterisk, Asterisk], sessions: Sessions, tmp_path: Path
    ) -> None:
        with hospital(pair, sessions, tmp_path, ScriptedConversation()) as here:
            call = here.ended(here.place("13800000400"), 20)
            wait_for(here.is_idle)
        assert (call.disposition, call.answered_at) == ("busy", None)

    def test_an_announcement_in_early_media_is_not_spoken_into(
        self, pair: tuple[Asterisk, Asterisk], sessions: Sessions, tmp_path: Path
    ) -> None:
        conversation = ScriptedConversation()
        with hospital(pair, sessions, tmp_path, conversation) as here:
            call = here.ended(here.place("13800000401"))
        assert (call.disposition, conversation.started.is_set()) == ("invalid_number", False)

    def test_ringing_ends_by_the_exchanges_timer(
        self, pair: tuple[Asterisk, Asterisk], sessions: Sessions, tmp_path: Path
    ) -> None:
        with hospital(pair, sessions, tmp_path, ScriptedConversation()) as here:
            call_id = here.place("13800000500", ring_timeout_seconds=5)
            call = here.ended(call_id)
            wait_for(here.is_idle)
        assert (call.disposition, here.statuses(call_id)) == ("no_answer", ["initiated", "ringing", "no-answer"])

    def test_a_call_that_rings_is_known_and_can_be_hung_up(
        self, pair: tuple[Asterisk, Asterisk], sessions: Sessions, tmp_path: Path
    ) -> None:
        with hospital(pair, sessions, tmp_path, ScriptedConversation()) as here:
            call_id = here.place("13800000500")
            carrier = here.runtime.carrier("asterisk")
            wait_for(lambda: "ringing" in here.statuses(call_id))
            told = carrier.fetch(sid_of(call_id))
            carrier.hangup(sid_of(call_id))
            call = here.ended(call_id)
            wait_for(here.is_idle)
        assert told is not None
        assert (told.state, call.disposition) == ("ringing", "no_answer")


class TestTransfer:
    def test_the_nurse_and_the_patient_hear_each_other(
        self, pair: tuple[Asterisk, Asterisk], sessions: Sessions, tmp_path: Path
    ) -> None:
        settings = api.VoiceSettings(transfer_number="8001")
        with hospital(pair, sessions, tmp_path, Transferring(), settings=settings) as here:
            call_id = here.place("13800000301")
            here.ended(call_id)
            told = here.runtime.carrier("asterisk").fetch(sid_of(call_id))
            wait_for(here.is_idle, 40)
        nurse = wav(here.network.folder / "recordings" / "nurse.wav")
        alike = likeness(here.recorded("13800000301"), nurse)
        tell(nurses_words_at_patient=alike)
        assert alike > ALIKE
        assert told is not None
        assert told.state == "ended"


def _listed(sessions: Sessions) -> list[api.CallView]:
    with sessions() as session:
        found = api.calls(session, api.CallFilter()).items
        session.rollback()
    return found


class TestInbound:
    def test_a_caller_is_answered_and_held_until_they_hang_up(
        self, pair: tuple[Asterisk, Asterisk], sessions: Sessions, tmp_path: Path
    ) -> None:
        with hospital(pair, sessions, tmp_path, ScriptedConversation()) as here:
            wait_for(lambda: "huifang\n" in here.exchange.ask("ari show apps").replace(" ", ""))
            here.network.ask("channel originate Local/calls@callers extension listens@callers")
            wait_for(lambda: bool(_listed(sessions)))
            call = here.ended(_listed(sessions)[0].id)
            wait_for(here.is_idle, 40)
        heard = here.recorded("inbound")
        tell(words_at_caller_dbfs=level_dbfs(heard), seconds=heard.size / RATE_HZ)
        assert level_dbfs(heard) > AUDIBLE_DBFS
        assert (call.direction, call.disposition) == ("inbound", "silent")


class TestRestart:
    def test_of_asterisk_ends_the_call_and_the_next_goes_through(
        self, pair: tuple[Asterisk, Asterisk], sessions: Sessions, tmp_path: Path
    ) -> None:
        with hospital(pair, sessions, tmp_path, ScriptedConversation()) as here:
            talking, ringing = here.place("13800000302"), here.place("13800000500")
            wait_for(lambda: here.runtime.live.get(talking) is not None)
            wait_for(lambda: "ringing" in here.statuses(ringing))
            here.exchange.kill()
            here.exchange.start()
            ends = [here.ended(call_id).disposition for call_id in (talking, ringing)]
            wait_for(lambda: getattr(here.runtime.carrier("asterisk"), "listening", None) is not None, 30)
            again = here.ended(here.place("13800000103"))
        assert ends == ["silent", "carrier_failed"]
        assert again.disposition == "completed"


class TestAnsweringMachine:
    def test_a_machine_gets_the_message_without_health_details(
        self, detecting: tuple[Asterisk, Asterisk], sessions: Sessions, tmp_path: Path
    ) -> None:
        conversation = ScriptedConversation()
        with hospital(detecting, sessions, tmp_path, conversation) as here:
            call = here.ended(here.place("13800000600"))
            wait_for(here.is_idle)
        assert (call.disposition, [kind for kind, _ in conversation.last_words]) == ("voicemail", ["voicemail"])

    def test_a_person_is_talked_to(
        self, detecting: tuple[Asterisk, Asterisk], sessions: Sessions, tmp_path: Path
    ) -> None:
        with hospital(detecting, sessions, tmp_path, ScriptedConversation()) as here:
            call = here.ended(here.place("13800000700"))
            wait_for(here.is_idle)
        assert call.disposition == "completed"
