"""Calls over a real Asterisk with the files of deploy/asterisk: `make test-asterisk`.

A second Asterisk is the telephone network: it answers by SIP as patients do, and records what they hear.
"""

import contextlib
import json
import sys
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from core_api.kit.clock import SystemClock
from core_api.kit.db import Sessions, new_id
from telephony import api
from telephony.audio.pcm import RATE_HZ, Pcm16, level_dbfs
from telephony.calls import repository
from telephony.carriers.asterisk.account import AsteriskAccount, sid_of
from telephony.carriers.asterisk.carrier import AsteriskCarrier
from telephony.session.conversation import Spoken
from tests.asterisk.pbx import PASSWORD, Asterisk, exchanges
from tests.telephony.asterisk_kit import Process
from tests.telephony.kit import ScriptedConversation, kept_audio, request, wait_for

pytestmark = pytest.mark.timeout(120)
VOICE = api.Voice()
AUDIBLE_DBFS = -40.0
SAMPLE = 3200
ALIKE = 0.8
TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "audiosocket"])


class Transferring(ScriptedConversation):
    """Sends everybody on."""

    def open(self, spec: object) -> Spoken:
        return Spoken(segments=("正在为您转接。",), place="closing", expects="none", actions=(("transfer", {}),))


@dataclass
class Hospital:
    """Both exchanges and our process."""

    exchange: Asterisk
    network: Asterisk
    runtime: api.TelephonyRuntime
    process: Process

    def place(self, number: str, **more: Any) -> UUID:
        call_id = new_id()
        order = request(call_id, carrier="asterisk", phone_e164=f"+86{number}", **more)
        api.place_call(self.runtime, order)
        return call_id

    def ended(self, call_id: UUID, seconds: float = 60) -> Any:
        def over() -> bool:
            with self.runtime.sessions() as session:
                done = api.call(session, call_id).state == "ended"
                session.rollback()
            return done and self.runtime.live.get(call_id) is None

        wait_for(over, seconds)
        with self.runtime.sessions() as session:
            return api.call(session, call_id)

    def statuses(self, call_id: UUID) -> list[str]:
        with self.runtime.sessions() as session:
            events = repository.events(session, call_id)
        return [event.data["status"] for event in events if event.kind == "carrier.status"]

    def recorded(self, name: str) -> Pcm16:
        """What somebody of the network heard."""
        return _wav(self.network.folder / "recordings" / f"{name}.wav")

    def is_idle(self) -> bool:
        return "0 active channels" in self.exchange.ask("core show channels count")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Asterisk, Asterisk]]:
    folder = tmp_path_factory.mktemp("asterisk")
    (folder / "network" / "recordings").mkdir(parents=True)
    _speech(folder)
    with exchanges(folder) as running:
        yield running


@pytest.fixture(scope="module")
def detecting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Asterisk, Asterisk]]:
    """With AMD(), by the line of extensions.conf that is a comment there."""
    folder = tmp_path_factory.mktemp("detecting")
    (folder / "network" / "recordings").mkdir(parents=True)
    _speech(folder)
    plain = " same => n,Dial(PJSIP/${NUMBER}@${TRUNK},${HUIFANG_RING_SECONDS})\n; same => n,Dial("
    with exchanges(folder, {plain: " same => n,Dial("}) as running:
        yield running


def _speech(folder: Path) -> None:
    speaker = api.EspeakSynthesizer(folder / "prompts", VOICE)
    texts = {
        "patient": "喂，您好，我是王小明，今天没有发烧。",
        "greeting": "您好，我现在不方便接听电话。请在听到提示音以后留言，我会尽快给您回电话，谢谢您的来电。",
        "hello": "喂。",
        "nurse": "您好，这里是随访中心，请问有什么可以帮您？",
    }
    for name, text in texts.items():
        with wave.open(str(folder / "network" / "recordings" / f"{name}.wav"), "wb") as file:
            file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            file.writeframes(speaker.say(text).tobytes())


@contextlib.contextmanager
def hospital(
    pair: tuple[Asterisk, Asterisk], sessions: Sessions, folder: Path, conversation: Any, **options: Any
) -> Iterator[Hospital]:
    settings = options.pop("settings", None) or api.VoiceSettings()
    account = AsteriskAccount(
        url=pair[0].url, user="huifang", password=PASSWORD, caller_id="+862012345678", **options
    )  # fmt: skip
    carrier = AsteriskCarrier(account)
    runtime = api.TelephonyRuntime(
        sessions=sessions,
        clock=SystemClock(),
        zone=ZoneInfo("Asia/Shanghai"),
        data_dir=folder,
        carriers={"asterisk": carrier},
        conversations=conversation,
        synthesizer=api.EspeakSynthesizer(folder / "prompts", VOICE),
        settings=settings,
    )
    process = Process(runtime, carrier).start()
    try:
        yield Hospital(*pair, runtime, process)
    finally:
        process.stop()
        runtime.workers.shutdown(wait=True)


def _wav(path: Path) -> Pcm16:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def _kept(folder: Path, hospital: Hospital, call_id: UUID) -> tuple[Pcm16, Pcm16]:
    """Our own recording: patient left, bot right."""
    with hospital.runtime.sessions() as session:
        kept = repository.recording(session, call_id)
    assert kept is not None
    audio = kept_audio(hospital.runtime.sessions, call_id, folder / "recordings" / str(kept.file_name))
    both = np.asarray(audio.set_frame_rate(RATE_HZ).set_sample_width(2).get_array_of_samples(), dtype=np.int16).reshape(
        -1, 2
    )
    return both[:, 0].copy(), both[:, 1].copy()


def _likeness(heard: Pcm16, said: Pcm16) -> float:
    """Highest normalised correlation of the waveforms at any shift, for the loudest 0.4 s of what was said."""
    sound, words = heard.astype(np.float64), said.astype(np.float64)
    loudness = np.convolve(np.square(words), np.ones(SAMPLE), "valid")
    start = int(np.argmax(loudness))
    part = words[start : start + SAMPLE]
    size = 1 << (sound.size + SAMPLE).bit_length()
    product = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(part, size)), size)[: sound.size - SAMPLE]
    energy = np.concatenate([[0.0], np.cumsum(np.square(sound))])
    local = np.sqrt(np.maximum(energy[SAMPLE:-1] - energy[: -SAMPLE - 1], 1.0))
    return float(np.max(np.abs(product[: local.size]) / local[: product.size]) / np.linalg.norm(part))


def tell(**figures: Any) -> None:
    """Figures for whoever runs the tests."""
    sys.stdout.write(json.dumps(figures, ensure_ascii=False, default=str) + "\n")


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
            patient, bot = _kept(tmp_path, here, call_id)
            wait_for(here.is_idle)
            statuses = here.statuses(call_id)
        heard = here.recorded(number)
        said = _wav(here.network.folder / "recordings" / "patient.wav")
        caller = (here.network.folder / "recordings" / f"caller-{number}").read_text().strip()
        figures = {
            "patient_at_us_dbfs": level_dbfs(patient),
            "bot_in_our_recording_dbfs": level_dbfs(bot),
            "bot_at_patient_dbfs": level_dbfs(heard),
            "patients_words_at_us": _likeness(patient, said),
            "our_words_at_patient": _likeness(heard, here.runtime.synthesizer.say("下一个问题。")),
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
        class Each(ScriptedConversation):
            """Every call its own answers."""

            def __init__(self) -> None:
                super().__init__()
                self.by_call: dict[UUID, ScriptedConversation] = {}

            def one(self, spec: Any) -> ScriptedConversation:
                return self.by_call.setdefault(spec.conversation_id, ScriptedConversation())

            def open(self, spec: Any) -> Spoken:
                return self.one(spec).open(spec)

            def respond(self, spec: Any, heard: Any) -> Spoken:
                return self.one(spec).respond(spec, heard)

            def likely(self, spec: Any, heard: Any) -> tuple[str, ...]:
                return self.one(spec).likely(spec, heard)

            def outcome(self, spec: Any) -> Any:
                return self.one(spec).outcome(spec)

        with hospital(pair, sessions, tmp_path, Each()) as here:
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
        nurse = _wav(here.network.folder / "recordings" / "nurse.wav")
        likeness = _likeness(here.recorded("13800000301"), nurse)
        tell(nurses_words_at_patient=likeness)
        assert likeness > ALIKE
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
