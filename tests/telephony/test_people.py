"""People on a live call: they listen in, one of them takes it over and gives it back; the patient is never alone."""

import asyncio
import base64
import contextlib
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import select
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from assistant import api as assistant
from core_api.audit.models import AuditEntry
from core_api.kit.clock import SystemClock
from core_api.kit.db import Sessions
from telephony import api
from telephony.audio.pcm import FRAME_SAMPLES, mulaw_to_pcm, pcm_to_mulaw
from telephony.calls import repository
from telephony.calls.schemas import ConversationSpec
from telephony.carriers.ports import CarrierUnknown
from telephony.session.bridge import Bridge, mixed
from telephony.session.conversation import Heard, Spoken
from tests.telephony.kit import ScriptedConversation, Stage, kept_audio, staged, wait_for
from tests.telephony.phone import SILENCE, Phone, registered

pytestmark = [pytest.mark.voice, pytest.mark.covers("TX-6.2-1")]
SECONDS = 30.0


def tone(hz: float, frames: int = 1) -> bytes:
    """A loud tone, told apart by its pitch."""
    time_axis = np.arange(frames * FRAME_SAMPLES) / 8000
    return (np.sin(2 * np.pi * hz * time_axis) * 8000).astype("<i2").tobytes()


def pitch(pcm: bytes) -> float:
    """The strongest frequency in Hz; 0 for silence."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    spectrum = np.abs(np.fft.rfft(samples))
    return float(np.argmax(spectrum) * 8000 / samples.size) if spectrum.max() > 1000 else 0.0


PATIENT, PERSON, BOT = 1000.0, 2000.0, 440.0
PATIENT_FRAME = base64.b64encode(pcm_to_mulaw(np.frombuffer(tone(PATIENT), dtype="<i2"))).decode()


class KeptConversation(ScriptedConversation):
    """Whose conversation is in the record, as the assistant's is."""

    sessions: Sessions
    thinking: threading.Event

    def open(self, spec: ConversationSpec) -> Spoken:
        with self.sessions.begin() as session:
            assistant.open_conversation(
                session, "voice", spec.patient_id, "follow_up", SystemClock(), conversation_id=spec.conversation_id
            )
        return super().open(spec)

    def respond(self, spec: ConversationSpec, heard: Heard) -> Spoken:
        with self.sessions() as session:
            owned = assistant.conversation(session, spec.conversation_id).owner_id is not None
        spoken = super().respond(spec, heard)
        if heard.event is None:
            self.thinking.set()
            time.sleep(self.slow_seconds)
        return Spoken(segments=(), expects="none") if owned else spoken


def kept(sessions: Sessions) -> KeptConversation:
    conversation = KeptConversation()
    conversation.sessions, conversation.thinking = sessions, threading.Event()
    return conversation


@pytest.fixture
def stage(sessions: Sessions, tmp_path: Path) -> Iterator[Stage]:
    settings = api.VoiceSettings(person_grace_seconds=0.5)
    with staged(sessions, tmp_path, kept(sessions), pace=1.0, settings=settings) as running:
        yield running


class Staff:
    """A person's page in a test's hands: what it heard and was told."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[bytes] = []
        self.told: list[dict[str, Any]] = []

    async def send(self, kind: str, **more: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **more}))

    async def until(self, kind: str, **wanted: Any) -> dict[str, Any]:
        """The next message of a kind with these values."""
        async with asyncio.timeout(SECONDS):
            while True:
                raw = await self.socket.recv()
                if isinstance(raw, bytes):
                    self.heard.append(raw)
                    continue
                message = json.loads(raw)
                self.told.append(message)
                if message["type"] == kind and all(message.get(key) == value for key, value in wanted.items()):
                    return dict(message)

    async def hears(self, *wanted: float) -> None:
        """Until a frame holds these pitches at once, and none of ours but them."""
        async with asyncio.timeout(SECONDS):
            while True:
                raw = await self.socket.recv()
                if isinstance(raw, bytes) and _pitches(raw) == set(wanted):
                    return


def _pitches(pcm: bytes) -> set[float]:
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    spectrum = np.abs(np.fft.rfft(samples)) / samples.size
    return {hz for hz in (PATIENT, PERSON, BOT) if spectrum[round(hz * samples.size / 8000)] > 500}


class Patient:
    """The patient's end: speaks a tone while it is `aloud`, keeps what it hears, gives marks back as played."""

    def __init__(self, phone: Phone, socket: ClientConnection) -> None:
        self.phone = phone
        self.socket = socket
        self.heard: list[float] = []
        self.clears = 0
        self.marks: list[str] = []
        self.aloud = False

    async def run(self) -> None:
        speaking = asyncio.create_task(self._speak())
        try:
            async for raw in self.socket:
                message = json.loads(raw)
                if message["event"] == "media":
                    payload = base64.b64decode(message["media"]["payload"])
                    self.heard.append(pitch(mulaw_to_pcm(payload).astype("<i2").tobytes()))
                elif message["event"] == "clear":
                    self.clears += 1
                elif message["event"] == "mark":
                    self.marks.append(message["mark"]["name"])
                    await self.socket.send(raw)
        finally:
            speaking.cancel()

    async def say(self, text: str) -> None:
        said = {"text": text, "confidence": 0.9, "final": True}
        await self.socket.send(json.dumps({"event": "simulator.transcript", "transcript": said}))

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(SECONDS):
            while not condition():  # noqa: ASYNC110 - what is waited for happens in the server
                await asyncio.sleep(0.02)

    async def _speak(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                payload = PATIENT_FRAME if self.aloud else SILENCE
                await self.socket.send(json.dumps({"event": "media", "media": {"payload": payload}}))
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def on_the_line(stage: Stage, call_id: UUID) -> AsyncIterator[Patient]:
    phone = Phone(stage.ours.url, call_id)
    async with phone.connect() as socket:
        await phone.start(socket)
        patient = Patient(phone, socket)
        running = asyncio.create_task(patient.run())
        await patient.until(lambda: patient.heard)
        try:
            yield patient
        finally:
            await socket.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@contextlib.asynccontextmanager
async def attending(stage: Stage, call_id: UUID, name: str, **headers: str) -> AsyncIterator[Staff]:
    url = stage.ours.url.replace("http", "ws") + f"/api/calls/{call_id}/line"
    sent = {"Authorization": f"Bearer {name}", **headers}
    async with connect(url, additional_headers=sent, proxy=None, max_queue=None) as socket:
        yield Staff(socket)


async def taken_over(staff: Staff) -> None:
    await staff.until("ready")
    await staff.send("take_over")
    await staff.until("state", mine=True, on_air=True)


async def speak_until(staff: Staff, condition: Any) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():
            await staff.socket.send(tone(PERSON))
            await asyncio.sleep(0.02)


def kinds(stage: Stage, call_id: UUID) -> list[str]:
    with stage.runtime.sessions() as session:
        return [event.kind for event in repository.events(session, call_id)]


def conversation_of(stage: Stage, call_id: UUID) -> UUID:
    with stage.runtime.sessions() as session:
        found = repository.row(session, call_id).conversation_id
    assert found is not None
    return found


def audits(stage: Stage) -> list[str]:
    with stage.runtime.sessions() as session:
        return [row.action for row in session.scalars(select(AuditEntry).order_by(AuditEntry.at, AuditEntry.id))]


def said(stage: Stage, call_id: UUID) -> list[tuple[str, str]]:
    with stage.runtime.sessions() as session:
        return [(one.sender, one.text) for one in assistant.messages(session, conversation_of(stage, call_id))]


class TestListening:
    async def test_a_person_hears_patient_and_bot_and_it_is_audited(self, stage: Stage) -> None:
        call_id = await asyncio.to_thread(registered, stage)
        async with on_the_line(stage, call_id) as patient, attending(stage, call_id, "listener") as staff:
            patient.aloud = True
            assert (await staff.until("ready"))["pace"] == 1.0
            await staff.hears(PATIENT, BOT)
            await staff.send("take_over")
            assert (await staff.until("error"))["code"] == "forbidden"
            await staff.send("hang_up")
            assert (await staff.until("error"))["code"] == "not_yours"
        assert audits(stage) == ["call.listen_in"]
        await asyncio.to_thread(stage.ended, call_id)

    @pytest.mark.parametrize(
        ("name", "headers", "code"),
        [
            ("nobody", {}, 4401),
            ("auditor", {}, 4403),
            ("nurse", {"Origin": "https://elsewhere.example"}, 4403),
            ("nurse", {}, 4404),
        ],
    )
    async def test_is_refused_to_strangers_other_sites_and_where_no_call_is(
        self, stage: Stage, name: str, headers: dict[str, str], code: int
    ) -> None:
        call_id = await asyncio.to_thread(registered, stage)
        async with attending(stage, call_id, name, **headers) as staff:
            await staff.socket.wait_closed()
            assert staff.socket.close_code == code
        assert audits(stage) == []

    async def test_what_no_page_sends_ends_the_attendance_and_not_the_call(self, stage: Stage) -> None:
        call_id = await asyncio.to_thread(registered, stage)
        async with on_the_line(stage, call_id):
            for bad in (b"odd", "{", json.dumps({"type": "keys", "keys": "A"}), b"\0" * 32000):
                async with attending(stage, call_id, "nurse") as staff:
                    await staff.socket.send(bad)
                    await staff.socket.wait_closed()
                    assert staff.socket.close_code == 4400
            assert stage.runtime.live.get(call_id) is not None
        await asyncio.to_thread(stage.ended, call_id)


class TestTakingOver:
    async def test_the_bot_falls_silent_and_patient_and_person_hear_each_other(self, stage: Stage) -> None:
        call_id = await asyncio.to_thread(registered, stage)
        async with on_the_line(stage, call_id) as patient, attending(stage, call_id, "nurse") as staff:
            await taken_over(staff)
            assert patient.clears >= 1
            assert patient.marks[-1].startswith("item:person")
            await speak_until(staff, lambda: patient.heard.count(PERSON) > 20)
            patient.aloud = True
            await staff.hears(PATIENT)
            patient.aloud = False
            after = patient.heard[patient.heard.index(PERSON) :]
            assert BOT not in after
            asked = len(stage.conversation.heard)
            await patient.say("我想问一下药怎么吃")
            await patient.until(lambda: len(stage.conversation.heard) == asked + 1)
            await staff.send("hang_up")
            await staff.until("ended")
        call = await asyncio.to_thread(stage.ended, call_id)
        assert (call.disposition, call.disposition_label) == ("attended", "人工接听")
        assert said(stage, call_id) == [("system", "nurse接管了通话"), ("system", "您好，现在由工作人员为您服务。")]
        assert audits(stage) == ["call.listen_in", "call.take_over", "call.hang_up"]
        assert BOT not in after
        with stage.runtime.sessions() as session:
            assert assistant.conversation(session, conversation_of(stage, call_id)).owner_id is None
            found = repository.recording(session, call_id)
        assert found is not None
        audio = kept_audio(stage.runtime.sessions, call_id, stage.runtime.recordings / str(found.file_name))
        right = np.array(audio.set_sample_width(2).split_to_mono()[1].get_array_of_samples()).astype(np.float64)
        spectrum = np.abs(np.fft.rfft(right))
        loudest = sorted(
            hz for hz in (BOT, PATIENT, PERSON) if _around(spectrum, hz, audio.frame_rate / right.size) > 0.05
        )
        assert loudest == [BOT, PERSON]

    async def test_of_two_at_once_one_is_refused(self, stage: Stage) -> None:
        call_id = await asyncio.to_thread(registered, stage)
        async with (
            on_the_line(stage, call_id),
            attending(stage, call_id, "nurse") as one,
            attending(stage, call_id, "doctor") as other,
        ):
            await asyncio.gather(one.until("ready"), other.until("ready"))
            await asyncio.gather(one.send("take_over"), other.send("take_over"))
            outcomes = await asyncio.gather(_outcome(one), _outcome(other))
            assert sorted(outcomes) == ["state", "taken_over"]
        await asyncio.to_thread(stage.ended, call_id)

    async def test_a_reply_that_was_being_thought_about_is_not_said(self, stage: Stage) -> None:
        stage.conversation.slow_seconds = 1.0
        call_id = await asyncio.to_thread(registered, stage)
        async with on_the_line(stage, call_id) as patient, attending(stage, call_id, "nurse") as staff:
            await staff.until("ready")
            await patient.say("是我")
            await patient.until(stage.conversation.thinking.is_set)
            await taken(staff)
            spoken = len(patient.marks)
            await asyncio.sleep(1.5)
            assert patient.marks[spoken:] == []
        await asyncio.to_thread(stage.ended, call_id)


class TestGivingBack:
    async def test_the_bot_says_so_and_asks_what_stands_open(self, stage: Stage) -> None:
        call_id = await asyncio.to_thread(registered, stage)
        async with on_the_line(stage, call_id) as patient, attending(stage, call_id, "nurse") as staff:
            await patient.say("是我")
            await patient.until(lambda: any(mark.startswith("item:fever") for mark in patient.marks))
            await taken_over(staff)
            await staff.send("give_back")
            await staff.until("state", taken=False)
            await patient.until(lambda: patient.marks[-1].startswith("item:fever"))
            assert stage.conversation.heard[-1].event == "resumed"
            patient.aloud = True
            await staff.hears(PATIENT)
        assert said(stage, call_id)[-2:] == [
            ("system", "nurse把通话交回自动服务"),
            ("system", "谢谢您，下面由自动服务继续。"),
        ]
        await asyncio.to_thread(stage.ended, call_id)

    async def test_a_person_whose_connection_breaks_is_followed_by_the_bot(self, stage: Stage) -> None:
        call_id = await asyncio.to_thread(registered, stage)
        async with on_the_line(stage, call_id) as patient:
            async with attending(stage, call_id, "nurse") as staff:
                await taken_over(staff)
            await patient.until(lambda: patient.marks[-1].startswith("identity"))
        call = await asyncio.to_thread(stage.ended, call_id)
        assert call.disposition != "attended"
        assert [kind for kind in kinds(stage, call_id) if kind.startswith("person")] == [
            "person.took_over",
            "person.lost",
            "person.gone",
        ]
        assert said(stage, call_id)[-1] == ("system", "抱歉，工作人员的线路断开了，下面由自动服务继续。")

    async def test_who_comes_back_in_time_goes_on(self, sessions: Sessions, tmp_path: Path) -> None:
        settings = api.VoiceSettings(person_grace_seconds=30.0)
        with staged(sessions, tmp_path, kept(sessions), pace=1.0, settings=settings) as stage:
            call_id = await asyncio.to_thread(registered, stage)
            async with on_the_line(stage, call_id) as patient:
                live = stage.runtime.live.get(call_id)
                assert live is not None
                async with attending(stage, call_id, "nurse") as staff:
                    await taken_over(staff)
                await asyncio.to_thread(wait_for, lambda: live.bridge.floor is None)
                async with attending(stage, call_id, "nurse") as staff:
                    await taken_over(staff)
                    await speak_until(staff, lambda: patient.heard.count(PERSON) > 5)
            await asyncio.to_thread(stage.ended, call_id)
        seen = [kind for kind in kinds(stage, call_id) if kind.startswith("person")]
        assert seen[:2] == ["person.took_over", "person.lost"]
        assert "person.gone" not in seen


class Refusing(api.TwilioCarrier):
    """A line that connects nobody on."""

    def transfer(self, sid: str, number: str) -> None:
        raise CarrierUnknown("503")


class TestTransferring:
    @pytest.mark.covers("RC-OUT-03")
    async def test_the_patient_is_told_and_connected_to_the_extension(self, stage: Stage) -> None:
        call_id = await asyncio.to_thread(stage.place, "silent")
        await asyncio.to_thread(wait_for, lambda: stage.runtime.live.get(call_id) is not None)
        async with attending(stage, call_id, "nurse") as staff:
            await taken_over(staff)
            await staff.send("transfer", number="8001")
            await staff.until("state", mine=True, on_air=False)
            await staff.until("ended")
        call = await asyncio.to_thread(stage.ended, call_id)
        with stage.runtime.sessions() as session:
            sid = repository.row(session, call_id).carrier_sid
        assert stage.exchange.state.exchange.store.get(sid).transferred_to == "8001"
        assert call.disposition == "attended"
        assert audits(stage)[-1] == "call.transfer"

    async def test_where_the_line_refuses_the_person_goes_on(self, stage: Stage) -> None:
        known = stage.runtime.carriers["simulator"]
        assert isinstance(known, api.TwilioCarrier)
        cast("dict[str, Any]", stage.runtime.carriers)["simulator"] = Refusing(known.account)
        call_id = await asyncio.to_thread(registered, stage)
        async with on_the_line(stage, call_id) as patient, attending(stage, call_id, "nurse") as staff:
            await taken_over(staff)
            await staff.send("transfer", number="8001")
            assert (await staff.until("error"))["code"] == "not_transferred"
            await staff.until("state", mine=True, on_air=True)
            await speak_until(staff, lambda: patient.heard[-1:] == [PERSON])
        await asyncio.to_thread(stage.ended, call_id)


class TestEnds:
    async def test_a_patient_who_hangs_up_ends_it_for_the_person(self, stage: Stage) -> None:
        call_id = await asyncio.to_thread(registered, stage)
        async with attending_later(stage, call_id) as staff:
            await staff.until("ended")
            await staff.socket.wait_closed()
            assert staff.socket.close_code == 1000
        call = await asyncio.to_thread(stage.ended, call_id)
        assert call.disposition == "attended"

    async def test_a_process_that_ends_says_good_bye_for_the_person(self, stage: Stage) -> None:
        call_id = await asyncio.to_thread(registered, stage)
        async with on_the_line(stage, call_id) as patient, attending(stage, call_id, "nurse") as staff:
            await taken_over(staff)
            going = asyncio.create_task(api.wind_down(stage.runtime, within_seconds=20, cancel_unanswered=False))
            await staff.until("ended")
            await going
            assert patient.marks[-1].startswith("closing")
        await asyncio.to_thread(stage.ended, call_id)


@contextlib.asynccontextmanager
async def attending_later(stage: Stage, call_id: UUID) -> AsyncIterator[Staff]:
    """A person who has a call that the patient then leaves."""
    async with contextlib.AsyncExitStack() as stack:
        async with on_the_line(stage, call_id):
            staff = await stack.enter_async_context(attending(stage, call_id, "nurse"))
            await taken_over(staff)
        yield staff


async def taken(staff: Staff) -> None:
    await staff.send("take_over")
    await staff.until("state", mine=True, on_air=True)


async def _outcome(staff: Staff) -> str:
    async with asyncio.timeout(SECONDS):
        while True:
            raw = await staff.socket.recv()
            message = json.loads(raw) if isinstance(raw, str) else {}
            if message.get("type") == "error":
                return str(message["code"])
            if message.get("mine"):
                return "state"


def _around(spectrum: np.ndarray, hz: float, resolution_hz: float) -> float:
    """The strongest line near a frequency as a part of the strongest of all."""
    near = spectrum[int((hz - 40) / resolution_hz) : int((hz + 40) / resolution_hz)]
    return float(near.max() / spectrum.max())


class Nothing:
    """A recorder that keeps nothing."""

    def bot(self, pcm: bytes) -> None: ...

    def clear(self) -> None: ...

    def patient(self, pcm: bytes) -> None: ...


class TestBridge:
    async def test_a_person_too_far_ahead_is_shortened_by_their_pauses(self) -> None:
        bridge = Bridge(Nothing())  # type: ignore[arg-type]
        leg = Leg()
        played: list[bytes] = []

        async def play(frames: list[bytes]) -> None:
            played.extend(frames)

        bridge.join(leg)
        bridge.take(leg)
        await bridge.speak(leg, tone(PERSON), 0.0, play)
        assert played == []
        bridge.opened()
        for behind, sound in ((0.0, bytes(320)), (0.3, bytes(320)), (0.3, tone(PERSON)), (0.7, tone(PERSON))):
            await bridge.speak(leg, sound, behind, play)
        assert played == [bytes(320), tone(PERSON)]

    def test_frames_of_unequal_length_are_mixed_and_do_not_overflow(self) -> None:
        loud = np.full(160, 30000, dtype="<i2").tobytes()
        both = np.frombuffer(mixed(loud, loud[:100]), dtype="<i2")
        assert (both[0], both[159], both.size) == (32767, 30000, 160)


class Leg:
    user_id = UUID(int=1)
    name = "nurse"

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def hear(self, pcm: bytes) -> None: ...

    def tell(self, message: dict[str, Any]) -> None:
        self.told.append(message)
