"""What goes wrong at an exchange: nothing is dialled twice, and no call is left without an end."""

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi import Response
from fastapi.responses import JSONResponse
from sqlalchemy import func, select

from core_api.kit.clock import SystemClock
from core_api.kit.db import Sessions, new_id
from core_api.kit.outbox import OutboxEvent
from telephony import api
from telephony.audio.pcm import FRAME_SECONDS
from telephony.calls import service
from telephony.carriers.asterisk.account import sid_of
from telephony.carriers.asterisk.carrier import AsteriskCarrier
from telephony.carriers.asterisk.unbroken import Unbroken
from telephony.carriers.ports import CarrierRefused, CarrierUnknown, Dial
from tests.fakes.asterisk import Channel, FakeAsterisk
from tests.fakes.asterisk_media import Patient
from tests.telephony.asterisk_kit import Process, Site, account, site
from tests.telephony.kit import NUMBER, ScriptedConversation, Server, request, wait_for

pytestmark = pytest.mark.voice
KEYS = Patient(keys=("1", "2", "3"))


@pytest.fixture
def here(sessions: Sessions, tmp_path: Path) -> Iterator[Site]:
    with site(sessions, tmp_path, ScriptedConversation()) as running:
        yield running


@contextlib.contextmanager
def alone(**options: object) -> Iterator[tuple[AsteriskCarrier, FakeAsterisk]]:
    """A carrier whose exchange has no process of ours listening."""
    fake = FakeAsterisk()
    server = Server(fake.app).start()
    carrier = AsteriskCarrier(account(server.url, **options))
    yield carrier, fake
    carrier.ari.close()
    server.stop()


async def _error() -> Response:
    return JSONResponse({"message": "Allocation failed"}, 500)


async def _late() -> None:
    await asyncio.sleep(3)


class TestSilence:
    @pytest.mark.parametrize("transport", ["websocket", "audiosocket"])
    def test_of_a_line_that_sends_nothing_meanwhile_is_heard(
        self, sessions: Sessions, tmp_path: Path, transport: str
    ) -> None:
        conversation = ScriptedConversation()
        settings = api.VoiceSettings(silence_seconds=0.6)
        with site(sessions, tmp_path, conversation, transport=transport, settings=settings) as here:
            call_id = here.place(Patient(suppresses=True, hangs_up_after=6))
            wait_for(lambda: len(conversation.heard) > 1, 20)
            here.ended(call_id)
        assert {heard.event for heard in conversation.heard} == {"silence"}


class TestUnbroken:
    async def test_fills_a_pause_with_its_whole_length_and_no_jitter(self) -> None:
        line = Sender()
        media = Unbroken(line, lambda message: isinstance(message, bytes), b"silence")  # type: ignore[arg-type]
        line.queue.put_nowait(b"word")
        assert await media.receive() == b"word"
        asyncio.get_running_loop().call_later(FRAME_SECONDS, line.queue.put_nowait, b"late")
        assert await media.receive() == b"late"
        asyncio.get_running_loop().call_later(0.4, line.queue.put_nowait, b"next")
        told = []
        while (message := await media.receive()) != b"next":
            told.append(message)
        assert set(told) == {b"silence"}
        assert len(told) <= round(0.4 / FRAME_SECONDS) + 1
        line.queue.put_nowait("MARK")
        assert await media.receive() == "MARK"


class Sender:
    """A connection that gives what it is told to."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[str | bytes] = asyncio.Queue()

    async def receive(self) -> str | bytes:
        return await self.queue.get()


class TestPlace:
    def test_the_same_call_is_made_once(self, here: Site) -> None:
        here.fake.patients[NUMBER] = Patient(answers=False)
        dial = Dial(call_id=new_id(), number=NUMBER)
        order = request(dial.call_id, carrier="asterisk")
        api.place_call(here.runtime, order)
        assert here.carrier.place(dial) == sid_of(dial.call_id)
        wait_for(lambda: here.fake.dialled[NUMBER] > 0)
        assert (here.fake.dialled[NUMBER], sid_of(dial.call_id) in here.fake.channels) == (1, True)

    @pytest.mark.parametrize("fault", [_error, _late])
    def test_an_answer_that_is_lost_is_looked_up_and_not_asked_again(self, here: Site, fault: object) -> None:
        here.fake.faults["POST /ari/channels/create"] = fault  # type: ignore[assignment]
        call = here.ended(here.place(KEYS))
        assert (call.disposition, here.fake.dialled[NUMBER]) == ("completed", 1)

    def test_what_cannot_be_looked_up_is_unknown_and_later_known(self, here: Site) -> None:
        here.fake.faults |= {"POST /ari/channels/create": _error, "GET /ari/channels/hf-": _error}
        with pytest.raises(CarrierUnknown):
            here.place(KEYS)
        here.fake.faults.clear()
        wait_for(lambda: here.fake.dialled[NUMBER] == 1)

    def test_without_a_process_that_listens_nobody_is_dialled(self) -> None:
        with alone() as (carrier, fake), pytest.raises(CarrierRefused) as refused:
            carrier.place(Dial(call_id=uuid4(), number=NUMBER))
        assert (refused.value.code, refused.value.retryable, fake.dialled) == ("no_listener", True, {})

    def test_an_exchange_that_is_not_there_dialled_nothing(self) -> None:
        carrier = AsteriskCarrier(account("http://127.0.0.1:9"))
        carrier.listening = "huifang-x"
        with pytest.raises(CarrierRefused) as refused:
            carrier.place(Dial(call_id=uuid4(), number=NUMBER))
        with pytest.raises(CarrierUnknown):
            carrier.fetch("hf-1")
        carrier.ari.close()
        assert (refused.value.code, refused.value.disposition) == ("unreachable", "not_placed")

    def test_a_wrong_password_is_refused(self) -> None:
        with alone(password="guess") as (carrier, _), pytest.raises(CarrierUnknown):
            carrier.find(uuid4(), NUMBER, datetime.now(UTC) - timedelta(minutes=1))

    def test_a_number_with_dialplan_in_it_is_refused(self) -> None:
        carrier = AsteriskCarrier(account("http://127.0.0.1:9"))
        with pytest.raises(CarrierRefused) as refused:
            carrier.place(Dial(call_id=uuid4(), number="+8613800138000@evil/n"))
        with pytest.raises(CarrierUnknown):
            carrier.transfer("hf-1", "8001&PJSIP/other")
        carrier.ari.close()
        assert refused.value.disposition == "invalid_number"


class TestEvents:
    def test_that_come_twice_count_once(self, here: Site, sessions: Sessions) -> None:
        here.fake.twice = True
        call = here.ended(here.place(KEYS))
        with sessions() as session:
            names = session.scalar(select(func.count()).where(OutboxEvent.name == "call.ended"))
        assert (call.disposition, here.fake.dialled[NUMBER], names) == ("completed", 1, 1)

    def test_that_come_late_turn_nothing_back(self, here: Site) -> None:
        here.fake.disorder = True
        assert here.ended(here.place(KEYS)).disposition == "completed"

    def test_that_make_no_sense_are_passed_over(self, here: Site) -> None:
        socket = here.fake.listeners[here.carrier.listening or ""]
        for raw in ('"text"', "{no", '{"type": "StasisStart", "channel": {"id": 5}, "args": null}', '{"channel": []}'):
            here.do(socket.send_text(raw))
        here.do(socket.send_text('{"type": "StasisStart", "channel": {"id": "17.1"}, "args": 7}'))
        wait_for(lambda: here.carrier.listening is None)
        wait_for(lambda: here.carrier.listening is not None)
        assert here.ended(here.place(KEYS)).disposition == "completed"

    def test_that_are_lost_are_found_missing(self, here: Site) -> None:
        """The channel goes without a word; the next connection finds it gone."""
        call_id = here.place(Patient(answers=False))
        wait_for(lambda: here.fake.dialled[NUMBER] == 1)
        here.fake.channels.pop(sid_of(call_id))
        here.do(here.fake.listeners[here.carrier.listening or ""].close())
        assert here.ended(call_id).disposition == "carrier_failed"


class TestRestart:
    def test_of_the_exchange_ends_its_calls_and_the_next_goes_through(self, here: Site) -> None:
        talking = here.place(Patient(), "+8613800138001")
        ringing = here.place(Patient(answers=False), "+8613800138002")
        wait_for(lambda: here.runtime.live.get(talking) is not None)
        wait_for(lambda: here.fake.dialled["+8613800138002"] == 1)
        here.do(here.fake.restart())
        ends = [here.ended(call_id).disposition for call_id in (talking, ringing)]
        wait_for(lambda: bool(here.fake.listeners))
        assert ends == ["silent", "carrier_failed"]
        assert here.ended(here.place(KEYS, "+8613800138003")).disposition == "completed"
        assert set(here.fake.dialled.values()) == {1}

    def test_of_our_process_leaves_no_line_open(self, here: Site) -> None:
        call_id = here.place(Patient())
        wait_for(lambda: here.runtime.live.get(call_id) is not None)
        here.process.stop()
        wait_for(lambda: not here.fake.channels)
        assert here.ended(call_id).disposition == "silent"

    def test_what_a_killed_process_left_on_the_line_is_hung_up(self, here: Site) -> None:
        left = Channel(sid_of(new_id()), "Local/1;1", "huifang-dead", state="Up", number=NUMBER)
        sent_on = Channel(sid_of(new_id()), "Local/2;1", "huifang-dead", state="Up", number=NUMBER, in_app=False)
        others = Channel("1700.1", "PJSIP/8001-1", "another", state="Up")
        here.fake.channels |= {one.id: one for one in (left, sent_on, others)}
        here.do(here.fake.listeners[here.carrier.listening or ""].close())
        wait_for(lambda: left.id not in here.fake.channels)
        assert set(here.fake.channels) == {sent_on.id, others.id}

    def test_a_call_that_nobody_holds_any_more_is_over(self, here: Site) -> None:
        call_id = new_id()
        with here.runtime.sessions.begin() as session:
            service.register(session, request(call_id, carrier="asterisk"), SystemClock())
            service.set_placed(session, call_id, sid_of(call_id), SystemClock())
        fate = api.fetch_fate(here.runtime, call_id)
        assert (fate.state, fate.disposition) == ("ended", "carrier_failed")

    def test_a_call_that_another_process_holds_is_left_alone(self, here: Site) -> None:
        call_id = new_id()
        with here.runtime.sessions.begin() as session:
            service.register(session, request(call_id, carrier="asterisk"), SystemClock())
            service.set_placed(session, call_id, sid_of(call_id), SystemClock())
            service.beat(session, call_id, SystemClock())
        assert api.fetch_fate(here.runtime, call_id).state == "in_progress"


class TestMedia:
    def test_a_socket_that_drops_mid_word_ends_the_call_once(self, here: Site) -> None:
        call_id = here.place(Patient())
        wait_for(lambda: here.runtime.live.get(call_id) is not None and bool(here.line(call_id).heard))
        socket = here.line(call_id).socket
        assert socket is not None
        here.do(socket.close(1011))
        assert here.ended(call_id).disposition == "silent"
        wait_for(lambda: not here.fake.channels)

    def test_audio_that_cannot_be_had_dials_nobody(self, here: Site) -> None:
        here.fake.faults["POST /ari/channels/externalMedia"] = _error
        call_id = here.place(KEYS)
        assert here.ended(call_id).disposition == "not_placed"
        assert here.fake.dialled == {}
        wait_for(lambda: sid_of(call_id) not in here.fake.channels)


class TestTwoProcesses:
    def test_each_holds_its_own_calls(self, here: Site) -> None:
        carrier = AsteriskCarrier(here.carrier.account)
        second = Process(here.runtime, carrier).start()
        try:
            apps = {here.carrier.listening, carrier.listening}
            calls = [here.place(KEYS, f"+861380013800{n}") for n in range(3)]
            ends = [here.ended(call_id).disposition for call_id in calls]
        finally:
            second.stop()
        assert (len(apps), ends) == (2, ["completed"] * 3)
        assert set(here.fake.dialled.values()) == {1}
