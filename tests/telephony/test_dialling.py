"""A person dials a patient: their own line stands first, then it rings, and both speak until one of them hangs up."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

import pytest

from assistant import api as assistant
from core_api.kit.clock import SystemClock
from core_api.kit.db import Sessions, new_id
from core_api.kit.errors import Conflict
from core_api.kit.outbox import handle_pending
from telephony import api, placing
from telephony.calls import by_hand, repository
from telephony.calls.schemas import ConversationSpec, StatusUpdate
from telephony.carriers.ports import CarrierRefused, CarrierUnknown
from telephony.progress import take_status
from tests.telephony.kit import Stage, request, staged, wait_for
from tests.telephony.test_people import (
    PATIENT,
    PERSON,
    attending,
    audits,
    conversation_of,
    kept,
    kinds,
    on_the_line,
    said,
    speak_until,
)

pytestmark = [pytest.mark.voice, pytest.mark.covers("TX-6.2-1")]
NURSE = uuid5(NAMESPACE_OID, "nurse")
SETTINGS = api.VoiceSettings(person_grace_seconds=0.5, dialled_grace_seconds=0.8, hospital_name="示例医院")


@contextlib.contextmanager
def playing(sessions: Sessions, folder: Path, persona: str, pace: float = 20.0) -> Any:
    with staged(sessions, folder, kept(sessions), pace=pace, settings=SETTINGS, only=persona) as running:
        yield running


def prepared(stage: Stage, by: UUID = NURSE) -> UUID:
    """A call that a person is about to dial."""
    call_id, patient_id = new_id(), uuid4()
    spec = ConversationSpec(conversation_id=uuid4(), purpose=api.STAFF_CALL, patient_id=patient_id, department="移植科")
    wanted = request(call_id, patient_id=patient_id, conversation=spec, dialled_by_id=by)
    with stage.runtime.sessions.begin() as session:
        api.prepare_by_hand(session, stage.runtime, wanted, "nurse")
    return call_id


class NoCarrier:
    """The stage's own carrier, but nobody is dialled by it: a test's own phone answers, or it refuses."""

    pace = 1.0
    held_by_us = False

    def __init__(self, failure: Exception | None = None) -> None:
        self.name = "simulator"
        self.failure = failure
        self.placed: list[Any] = []
        self.hung_up: list[str] = []

    def place(self, dial: Any) -> str:
        self.placed.append(dial)
        if self.failure is not None:
            raise self.failure
        return "CA1"

    def hangup(self, sid: str) -> None:
        self.hung_up.append(sid)


@contextlib.asynccontextmanager
async def by_own_phone(stage: Stage, failure: Exception | None = None) -> AsyncIterator[NoCarrier]:
    """Calls are placed nowhere, until a test's own phone says that it was answered."""
    carrier = NoCarrier(failure)
    real = stage.runtime.carriers["simulator"]
    place, hangup = real.place, real.hangup
    real.place, real.hangup = carrier.place, carrier.hangup  # type: ignore[method-assign]
    try:
        yield carrier
    finally:
        real.place, real.hangup = place, hangup  # type: ignore[method-assign]


async def placed(stage: Stage, call_id: UUID) -> None:
    await asyncio.to_thread(wait_for, lambda: "call.placed" in kinds(stage, call_id))


class TestACall:
    async def test_rings_for_the_person_first_and_is_spoken_on_recorded_and_written_down(
        self, sessions: Sessions, tmp_path: Path
    ) -> None:
        with playing(sessions, tmp_path, "cooperative", pace=2.0) as stage:
            call_id = prepared(stage)
            assert "call.placed" not in kinds(stage, call_id)
            async with attending(stage, call_id, "nurse") as staff:
                assert (await staff.until("ready"))["dialled"]
                await staff.until("dialling", state="ringing")
                await staff.until("state", mine=True, on_air=True)
                await staff.send("give_back")
                assert (await staff.until("error"))["code"] == "no_bot"
                await staff.send("hang_up")
                await staff.until("ended")
            call = await asyncio.to_thread(stage.ended, call_id)
            told = said(stage, call_id)
            assert (call.disposition_label, call.dialled_by_id) == ("人工通话", NURSE)
            assert audits(stage) == ["call.hang_up"]
            assert told[:2] == [
                ("system", "nurse拨打电话"),
                ("system", "您好，这里是示例医院移植科，工作人员正在与您联系，为了服务质量，本次通话会录音。"),
            ]
            conversation_id = conversation_of(stage, call_id)
            with sessions() as session:
                assert repository.recording_view(session, call_id).available
                assert assistant.conversation(session, conversation_id).owner_id is None

    async def test_both_hear_each_other_and_the_patients_words_are_kept(
        self, sessions: Sessions, tmp_path: Path
    ) -> None:
        with playing(sessions, tmp_path, "cooperative", pace=1.0) as stage:
            call_id = prepared(stage)
            async with by_own_phone(stage) as carrier, attending(stage, call_id, "nurse") as staff:
                await placed(stage, call_id)
                assert [dial.call_id for dial in carrier.placed] == [call_id]
                async with on_the_line(stage, call_id) as patient:
                    await staff.until("state", mine=True, on_air=True)
                    await speak_until(staff, lambda: patient.heard.count(PERSON) > 20)
                    patient.aloud = True
                    await staff.hears(PATIENT)
                    patient.aloud = False
                    await patient.say("我想问一下药怎么吃")
                    await patient.until(lambda: bool(stage.conversation.heard))
                    await staff.send("hang_up")
                    await staff.until("ended")
            call = await asyncio.to_thread(stage.ended, call_id)
            assert (call.disposition, stage.conversation.heard[0].text) == ("talked", "我想问一下药怎么吃")

    @pytest.mark.parametrize(
        ("persona", "disposition", "title"),
        [
            ("busy_line", "busy", "对方正在通话中，请稍后再拨"),
            ("never_answers", "no_answer", "响铃后无人接听"),
            ("empty_number", "invalid_number", "号码是空号或已停机，请核对号码"),
        ],
    )
    async def test_that_nobody_answers_is_told_at_once_and_why(
        self, sessions: Sessions, tmp_path: Path, persona: str, disposition: str, title: str
    ) -> None:
        with playing(sessions, tmp_path, persona) as stage:
            call_id = prepared(stage)
            async with attending(stage, call_id, "nurse") as staff:
                told = await staff.until("ended")
            assert (told["disposition"], told["title"]) == (disposition, title)

    @pytest.mark.parametrize(
        ("failure", "disposition"),
        [
            (CarrierRefused("21211", "invalid_number"), "invalid_number"),
            (CarrierRefused("429", "not_placed"), "not_placed"),
        ],
    )
    async def test_that_the_line_refuses_ends_it_and_frees_the_patient(
        self, sessions: Sessions, tmp_path: Path, failure: Exception, disposition: str
    ) -> None:
        ended: list[Any] = []
        with playing(sessions, tmp_path, "cooperative") as stage:
            call_id = prepared(stage)
            async with by_own_phone(stage, failure), attending(stage, call_id, "nurse") as staff:
                assert (await staff.until("ended"))["disposition"] == disposition
            handlers = {"call.ended": (lambda _session, event: ended.append(event.data["dialled_by_id"]),)}
            handle_pending(sessions, handlers, SystemClock())
        assert ended == [str(NURSE)]


class TestGivingUp:
    async def test_by_hanging_up_cancels_the_ringing(self, sessions: Sessions, tmp_path: Path) -> None:
        with playing(sessions, tmp_path, "never_answers", pace=1.0) as stage:
            call_id = prepared(stage)
            async with attending(stage, call_id, "nurse") as staff:
                await staff.until("dialling", state="ringing")
                await staff.send("hang_up")
                assert (await staff.until("ended"))["title"] == "已取消拨号"
            assert (await asyncio.to_thread(stage.ended, call_id)).disposition == "given_up"

    async def test_by_leaving_for_longer_than_a_moment_cancels_it_too(self, sessions: Sessions, tmp_path: Path) -> None:
        with playing(sessions, tmp_path, "cooperative", pace=1.0) as stage:
            call_id = prepared(stage)
            async with by_own_phone(stage) as carrier:
                async with attending(stage, call_id, "nurse"):
                    await placed(stage, call_id)
                assert (await asyncio.to_thread(stage.ended, call_id)).disposition == "given_up"
                await asyncio.to_thread(wait_for, lambda: carrier.hung_up == ["CA1"])

    async def test_a_page_that_comes_back_in_time_waits_on_and_nobody_is_dialled_twice(
        self, sessions: Sessions, tmp_path: Path
    ) -> None:
        with playing(sessions, tmp_path, "cooperative", pace=1.0) as stage:
            call_id = prepared(stage)
            async with by_own_phone(stage) as carrier:
                async with attending(stage, call_id, "nurse"):
                    await placed(stage, call_id)
                async with attending(stage, call_id, "nurse") as staff:
                    await staff.until("dialling")
                    async with on_the_line(stage, call_id):
                        await staff.until("state", mine=True, on_air=True)
                        await staff.send("hang_up")
                        await staff.until("ended")
                assert len(carrier.placed) == 1
            assert (await asyncio.to_thread(stage.ended, call_id)).disposition == "talked"


class TestALostPage:
    async def test_the_patient_is_asked_to_wait_and_the_person_goes_on(
        self, sessions: Sessions, tmp_path: Path
    ) -> None:
        with playing(sessions, tmp_path, "cooperative", pace=1.0) as stage:
            call_id = prepared(stage)
            async with by_own_phone(stage), contextlib.AsyncExitStack() as stack:
                first = await stack.enter_async_context(attending(stage, call_id, "nurse"))
                await placed(stage, call_id)
                patient = await stack.enter_async_context(on_the_line(stage, call_id))
                await first.until("state", mine=True, on_air=True)
                marks = len(patient.marks)
                first.socket.transport.abort()
                await patient.until(lambda: "person.lost" in _noted(stage, call_id))
                async with attending(stage, call_id, "nurse") as staff:
                    await staff.until("ready")
                    await staff.send("take_over")
                    await staff.until("state", mine=True, on_air=True)
                    assert len(patient.marks) > marks
                    await speak_until(staff, lambda: patient.heard.count(PERSON) > 10)
                    await staff.send("hang_up")
                    await staff.until("ended")
            await asyncio.to_thread(stage.ended, call_id)
            assert [kind for kind in kinds(stage, call_id) if kind.startswith("person.")] == [
                "person.dialled", "person.joined", "person.lost", "person.joined", "person.ended",
            ]  # fmt: skip

    async def test_who_does_not_come_back_leaves_no_patient_in_silence(
        self, sessions: Sessions, tmp_path: Path
    ) -> None:
        with playing(sessions, tmp_path, "cooperative", pace=1.0) as stage:
            call_id = prepared(stage)
            async with by_own_phone(stage), attending(stage, call_id, "nurse") as staff:
                await placed(stage, call_id)
                async with on_the_line(stage, call_id) as patient:
                    await staff.until("state", mine=True, on_air=True)
                    await staff.socket.close()
                    await patient.until(lambda: patient.marks[-1].startswith("closing"))
            call = await asyncio.to_thread(stage.ended, call_id)
            assert stage.conversation.last_words == [("person_gone", SETTINGS.call_again_text)]
            assert call.disposition == "talked"


class TestOthers:
    async def test_a_colleague_may_listen_but_not_dial_or_take_what_somebody_dialled(
        self, sessions: Sessions, tmp_path: Path
    ) -> None:
        with playing(sessions, tmp_path, "cooperative", pace=1.0) as stage:
            call_id = prepared(stage)
            async with attending(stage, call_id, "doctor") as other:
                await other.socket.wait_closed()
                assert other.socket.close_code == 4404
            async with by_own_phone(stage), attending(stage, call_id, "nurse") as staff:
                await placed(stage, call_id)
                async with on_the_line(stage, call_id):
                    await staff.until("state", mine=True, on_air=True)
                    async with attending(stage, call_id, "doctor") as other:
                        await other.until("ready", dialled=False)
                        await other.send("take_over")
                        assert (await other.until("error"))["code"] == "taken_over"
                    await staff.send("hang_up")
                    await staff.until("ended")
            await asyncio.to_thread(stage.ended, call_id)
            assert audits(stage) == ["call.listen_in", "call.hang_up"]

    def test_what_somebody_says_it_came_to_counts_once_it_is_over(self, sessions: Sessions, tmp_path: Path) -> None:
        with playing(sessions, tmp_path, "cooperative") as stage:
            call_id = prepared(stage)
            with sessions.begin() as session, pytest.raises(Conflict):
                by_hand.note_result(session, call_id, "callback", SystemClock())
            take_status(stage.runtime, call_id, StatusUpdate(sid="CA1", status="busy", sequence="1"))
            with sessions.begin() as session:
                by_hand.note_result(session, call_id, "callback", SystemClock())
                assert api.call(session, call_id).disposition_label == "约定再拨"

    def test_a_fate_that_is_not_known_is_left_to_the_sweep(self, sessions: Sessions, tmp_path: Path) -> None:
        with playing(sessions, tmp_path, "cooperative") as stage:
            call_id = prepared(stage)
            real = stage.runtime.carriers["simulator"]
            real.place = NoCarrier(CarrierUnknown("timeout")).place
            placing.place_prepared(stage.runtime, call_id)
            with sessions() as session:
                assert api.call(session, call_id).state == "unknown"


def _noted(stage: Stage, call_id: UUID) -> list[str]:
    """What the session has noted, written or not."""
    live = stage.runtime.live.get(call_id)
    return [kind for kind, _data, _at in live._notes] if live is not None else []  # type: ignore[attr-defined]
