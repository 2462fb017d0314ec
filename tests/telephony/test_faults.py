"""What goes wrong on a line: nothing is lost, nobody is dialled twice, the call's end is written once."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import Mock
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import func, select
from websockets.exceptions import InvalidStatus

from core_api.kit.clock import SystemClock
from core_api.kit.db import Sessions, new_id
from core_api.kit.errors import Unavailable
from core_api.kit.outbox import OutboxEvent
from telephony import api
from telephony.calls import repository, service
from telephony.calls.models import CallEventRow
from telephony.runtime import LiveCalls
from telephony.session import recorder
from telephony.session.holding import keep_recording
from telephony.session.safe import safe_of
from telephony.simulator.signature import sign
from tests.telephony.kit import TOKEN, ScriptedConversation, Stage, request, staged, wait_for
from tests.telephony.phone import SILENCE, Phone, registered

pytestmark = pytest.mark.voice


@pytest.fixture
def stage(sessions: Sessions, tmp_path: Path) -> Iterator[Stage]:
    with staged(sessions, tmp_path, ScriptedConversation()) as running:
        yield running


def post(stage: Stage, path: str, form: dict[str, str], token: str = TOKEN) -> httpx.Response:
    url = f"{stage.ours.url}/carriers/twilio{path}"
    return httpx.post(url, data=form, headers={"X-Twilio-Signature": sign(token, url, form)}, trust_env=False)


def ended_events(stage: Stage) -> int:
    with stage.runtime.sessions() as session:
        query = select(func.count()).select_from(OutboxEvent).where(OutboxEvent.name == "call.ended")
        return int(session.scalar(query) or 0)


def kinds(stage: Stage, call_id: UUID) -> list[str]:
    with stage.runtime.sessions() as session:
        return [event.kind for event in repository.events(session, call_id)]


class TestStatusCallback:
    def test_twenty_of_the_same_count_once(self, stage: Stage) -> None:
        call_id = registered(stage)
        form = {"CallSid": "CA1", "CallStatus": "no-answer", "SequenceNumber": "2"}
        codes = {post(stage, f"/status/{call_id}", form).status_code for _ in range(20)}
        with stage.runtime.sessions() as session:
            rows = session.scalar(
                select(func.count()).select_from(CallEventRow).where(CallEventRow.kind == "carrier.status")
            )
        assert (codes, rows, ended_events(stage)) == ({204}, 1, 1)

    def test_late_ones_turn_nothing_back(self, stage: Stage) -> None:
        call_id = registered(stage)
        for sequence, status in ((3, "busy"), (1, "ringing"), (0, "initiated"), (2, "in-progress")):
            form = {"CallSid": "CA1", "CallStatus": status, "SequenceNumber": str(sequence)}
            post(stage, f"/status/{call_id}", form)
        with stage.runtime.sessions() as session:
            call = api.call(session, call_id)
        assert (call.state, call.disposition, ended_events(stage)) == ("ended", "busy", 1)

    def test_a_forged_one_is_refused(self, stage: Stage) -> None:
        call_id = registered(stage)
        form = {"CallSid": "CA1", "CallStatus": "busy", "SequenceNumber": "0"}
        assert post(stage, f"/status/{call_id}", form, token="guess").status_code == 403
        assert post(stage, f"/voice/{call_id}", form, token="guess").status_code == 403
        assert post(stage, f"/amd/{call_id}", form, token="guess").status_code == 403
        assert post(stage, f"/status/{uuid4()}", form).status_code == 403
        assert kinds(stage, call_id) == []

    def test_an_empty_number_is_told_by_the_sip_code(self, stage: Stage) -> None:
        call_id = registered(stage)
        form = {"CallSid": "CA1", "CallStatus": "failed", "SequenceNumber": "1", "SipResponseCode": "404"}
        post(stage, f"/status/{call_id}", form)
        with stage.runtime.sessions() as session:
            assert api.call(session, call_id).disposition == "invalid_number"


class TestMediaSocket:
    async def test_a_forged_upgrade_is_refused(self, stage: Stage) -> None:
        with pytest.raises(InvalidStatus):
            async with Phone(stage.ours.url, registered(stage), token="guess").connect():
                pass

    async def test_frames_that_are_no_base64_and_no_json_are_counted_and_the_call_goes_on(self, stage: Stage) -> None:
        call_id = registered(stage)
        phone = Phone(stage.ours.url, call_id)
        async with phone.connect() as socket:
            await phone.start(socket)
            await phone.until_mark(socket)
            await socket.send("{not json")
            await socket.send(json.dumps({"event": "media", "media": {"payload": "***"}}))
            await socket.send(json.dumps({"event": "media", "media": "no object"}))
            await socket.send(json.dumps({"event": "dtmf", "dtmf": 5}))
            await socket.send(json.dumps(["no", "object"]))
            await socket.send(json.dumps({"event": "media", "media": {"payload": SILENCE}}))
            said = {"text": "是我", "confidence": 0.9, "final": True}
            await socket.send(json.dumps({"event": "simulator.transcript", "transcript": said}))
            while not (mark := await phone.until_mark(socket)).startswith("item:"):
                pass  # a busy machine lets silent turns pass at twenty times real pace
            assert mark.startswith("item:fever")
        await asyncio.to_thread(stage.ended, call_id)
        with stage.runtime.sessions() as session:
            row = repository.row(session, call_id)
            assert (row.bad_frames, row.disposition, row.turns) == (5, "partial", 1)

    async def test_keys_are_collected_to_a_number(self, sessions: Sessions, tmp_path: Path) -> None:
        conversation = ScriptedConversation(key_hint=("0-9", "*", "#"))
        with staged(sessions, tmp_path, conversation) as stage:
            call_id = await asyncio.to_thread(registered, stage)
            phone = Phone(stage.ours.url, call_id)
            async with phone.connect() as socket:
                await phone.start(socket)
                await phone.until_mark(socket)
                for keys in ("1", "38*5#"):
                    for digit in keys:
                        await socket.send(json.dumps({"event": "dtmf", "dtmf": {"digit": digit}}))
                    await phone.until_mark(socket)
            await asyncio.to_thread(stage.ended, call_id)
        assert [heard.key for heard in conversation.heard if heard.key] == ["1", "38*5#"]

    async def test_a_second_stream_of_a_call_is_refused(self, stage: Stage) -> None:
        call_id = registered(stage)
        phone = Phone(stage.ours.url, call_id)
        async with phone.connect() as socket:
            await phone.start(socket)
            await phone.until_mark(socket)
            async with phone.connect() as second:
                await phone.start(second)
                await second.wait_closed()
                assert second.close_code == 1008
        await asyncio.to_thread(stage.ended, call_id)

    async def test_speech_over_the_prompt_silences_the_bot(self, sessions: Sessions, tmp_path: Path) -> None:
        with staged(sessions, tmp_path, ScriptedConversation(), pace=1.0) as stage:
            call_id = await asyncio.to_thread(registered, stage)
            phone = Phone(stage.ours.url, call_id)
            async with phone.connect() as socket:
                await phone.start(socket)
                await socket.recv()
                said = {"text": "喂，是我", "confidence": 0.9, "final": True}
                await socket.send(json.dumps({"event": "simulator.transcript", "transcript": said}))
                events = [json.loads(raw)["event"] for raw in [await socket.recv() for _ in range(40)]]
            await asyncio.to_thread(stage.ended, call_id)
        assert "clear" in events
        assert "bot.interrupted" in kinds(stage, call_id)


class TestSilence:
    @pytest.mark.covers("TX-3.05-1")
    def test_a_patient_silent_for_a_minute_is_let_go(self, sessions: Sessions, tmp_path: Path) -> None:
        conversation = ScriptedConversation()
        with staged(sessions, tmp_path, conversation) as stage:
            call = stage.ended(stage.place("silent"))
        assert call.disposition == "silent"
        assert {heard.event for heard in conversation.heard} == {"silence"}


class TestFailure:
    def test_a_dialogue_that_fails_ends_with_an_apology_and_keeps_the_recording(
        self, sessions: Sessions, tmp_path: Path
    ) -> None:
        with staged(sessions, tmp_path, ScriptedConversation(failure=Unavailable("x"))) as stage:
            call_id = stage.place("cooperative")
            call = stage.ended(call_id)
            assert call.disposition == "bot_unavailable"
            assert {"dialogue.failed", "turn"} <= set(kinds(stage, call_id))
            assert list((tmp_path / "recordings").glob("*.sealed"))

    def test_a_voicemail_hears_no_question_of_health(self, sessions: Sessions, tmp_path: Path) -> None:
        with staged(sessions, tmp_path, ScriptedConversation()) as stage:
            call = stage.ended(stage.place("voicemail"))
        assert (call.disposition, stage.conversation.heard) == ("voicemail", [])

    def test_a_patient_who_hangs_up_midway_leaves_what_was_said(self, sessions: Sessions, tmp_path: Path) -> None:
        conversation = ScriptedConversation(places=("identity", *(f"item:q{n}/boolean" for n in range(9))))
        with staged(sessions, tmp_path, conversation, disorder=1.0) as stage:
            call_id = stage.place("hangs_up_midway")
            call = stage.ended(call_id)
            assert ended_events(stage) == 1
        assert (call.disposition, conversation.answered) == ("partial", 4)

    def test_a_full_disk_ends_the_recording_and_not_the_call(self, sessions: Sessions, tmp_path: Path) -> None:
        with staged(sessions, tmp_path, ScriptedConversation()) as stage:
            call_id = new_id()
            stage.runtime.spools.mkdir(parents=True)
            (stage.runtime.spools / f"{call_id}{recorder.SPOOL_SUFFIX}").symlink_to("/dev/full")
            api.place_call(stage.runtime, request(call_id, persona="cooperative"))
            call = stage.ended(call_id)
            assert call.disposition == "completed"
            assert "recording.failed" in kinds(stage, call_id)


class TestRecover:
    def test_a_recording_that_could_not_be_noted_is_kept_the_next_time(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        call_id = stage.place("never_answers")
        stage.ended(call_id)
        spool = stage.runtime.spools / f"{call_id}{recorder.SPOOL_SUFFIX}"
        spool.parent.mkdir(parents=True)
        with stage.runtime.sessions() as session:
            spool.write_bytes(safe_of(session, call_id).piece(bytes(32_000)))
        with monkeypatch.context() as broken:
            broken.setattr(service, "set_recording", Mock(side_effect=RuntimeError))
            with pytest.raises(RuntimeError):
                keep_recording(stage.runtime, call_id)
        assert spool.exists()
        keep_recording(stage.runtime, call_id)
        with stage.runtime.sessions() as session:
            kept = repository.recording(session, call_id)
        assert kept is not None
        assert kept.duration_ms == 1000
        assert not spool.exists()

    def test_a_killed_process_keeps_its_recording_and_its_calls_end_once(self, stage: Stage) -> None:
        call_id = stage.place("never_answers")
        spool = stage.runtime.spools / f"{call_id}{recorder.SPOOL_SUFFIX}"
        spool.parent.mkdir(parents=True)
        with stage.runtime.sessions() as session:
            safe = safe_of(session, call_id)
        spool.write_bytes(safe.piece(bytes(32_000)) + safe.piece(bytes(32_000)) + safe.piece(bytes(32_000))[:-1])
        stage.ended(call_id)
        assert api.recover(stage.runtime) == 0
        assert spool.exists(), "who ended it has its time"
        _set(stage, call_id, ended_at=SystemClock().now() - timedelta(minutes=2))
        api.recover(stage.runtime)
        with stage.runtime.sessions() as session:
            kept = repository.recording(session, call_id)
        assert kept is not None
        assert kept.duration_ms == 2000
        assert not spool.exists()
        assert ended_events(stage) == 1

    def test_a_call_that_another_process_holds_is_left_alone(self, stage: Stage) -> None:
        call_id = stage.place("silent")
        wait_for(lambda: len(stage.runtime.live) == 1)
        _set(stage, call_id, created_at=SystemClock().now() - timedelta(minutes=1))
        another = replace(stage.runtime, live=LiveCalls())
        assert api.recover(another) == 0
        assert ended_events(stage) == 0

    def test_a_call_that_nobody_holds_any_more_is_hung_up_and_written_down(self, stage: Stage) -> None:
        call_id = stage.place("silent")
        wait_for(lambda: len(stage.runtime.live) == 1)
        long_ago = SystemClock().now() - timedelta(minutes=1)
        _set(stage, call_id, created_at=long_ago, media_seen_at=long_ago)
        another = replace(stage.runtime, live=LiveCalls())
        wait_for(lambda: api.recover(another) + ended_events(stage) >= 1)
        assert stage.ended(call_id).disposition in {"partial", "silent"}
        assert ended_events(stage) == 1

    def test_a_process_that_is_alone_waits_for_nobody(self, stage: Stage) -> None:
        call_id = stage.place("silent")
        wait_for(lambda: len(stage.runtime.live) == 1)
        another = replace(stage.runtime, live=LiveCalls())
        wait_for(lambda: api.recover(another, SystemClock().now()) + ended_events(stage) >= 1)
        assert stage.ended(call_id).disposition in {"partial", "silent"}

    def test_a_process_that_is_alone_leaves_what_was_answered_since_it_began(self, stage: Stage) -> None:
        began = SystemClock().now()
        stage.place("silent")
        wait_for(lambda: len(stage.runtime.live) == 1)
        assert api.recover(replace(stage.runtime, live=LiveCalls()), began) == 0
        assert ended_events(stage) == 0

    def test_a_call_that_was_never_placed_is_no_fault_of_the_line(self, stage: Stage) -> None:
        """The process was killed between writing the call down and asking the carrier."""
        call_id = new_id()
        with stage.runtime.sessions.begin() as session:
            service.register(session, request(call_id), SystemClock())
        assert api.fetch_fate(stage.runtime, call_id).state == "not_found"
        _set(stage, call_id, created_at=SystemClock().now() - timedelta(minutes=3))
        assert api.recover(stage.runtime) == 1
        assert api.fetch_fate(stage.runtime, call_id).disposition == "not_placed"
        assert ended_events(stage) == 1

    def test_the_carrier_is_asked_after_a_call_whose_process_died(self, stage: Stage) -> None:
        call_id = stage.place("busy_line")
        with stage.runtime.sessions.begin() as session:
            sid = repository.row(session, call_id).carrier_sid or ""
        wait_for(
            lambda: (found := stage.runtime.carrier("simulator").fetch(sid)) is not None and found.state == "ended"
        )
        assert api.fetch_fate(stage.runtime, call_id).disposition == "busy"
        assert ended_events(stage) == 1


def _set(stage: Stage, call_id: UUID, **values: datetime) -> None:
    with stage.runtime.sessions.begin() as session:
        row = repository.row(session, call_id)
        for name, value in values.items():
            setattr(row, name, value)
