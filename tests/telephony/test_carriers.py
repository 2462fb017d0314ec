"""Our side of Twilio's REST API against the carrier's side; what each error means."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from core_api.kit.db import Sessions, new_id
from telephony import api
from telephony.calls import repository, service
from telephony.calls.schemas import CallFilter
from telephony.carriers.ports import Dial
from telephony.simulator.api import SimulatorSettings, create_app
from telephony.simulator.signature import sign
from tests.telephony.kit import NUMBER, TOKEN, ScriptedConversation, Server, request, staged, wait_for

ACCOUNT = SimulatorSettings(auth_token=TOKEN).account_sid


def carrier(url: str, **more: Any) -> api.TwilioCarrier:
    values: dict[str, Any] = {
        "name": "simulator",
        "account_sid": ACCOUNT,
        "auth_token": TOKEN,
        "caller_id": "+861012345678",
        "public_url": "http://127.0.0.1:9",
        "api_url": url,
        "pace": 100.0,
        "timeout_seconds": 5.0,
    }
    return api.TwilioCarrier(api.TwilioAccount(**(values | more)))


@pytest.fixture
def simulator() -> Iterator[Server]:
    server = Server(create_app(SimulatorSettings(auth_token=TOKEN, pace=100, only="never_answers"))).start()
    yield server
    server.stop()


@pytest.fixture
def limited() -> Iterator[Server]:
    settings = SimulatorSettings(auth_token=TOKEN, pace=100, only="busy_line", calls_per_second=0)
    server = Server(create_app(settings)).start()
    yield server
    server.stop()


class TestPlace:
    def test_a_call_is_found_by_its_sid_and_by_its_number(self, simulator: Server) -> None:
        line = carrier(simulator.url)
        sid = line.place(Dial(call_id=uuid4(), number=NUMBER))
        found = line.find(uuid4(), NUMBER, datetime.now(UTC) - timedelta(minutes=1))
        fetched = line.fetch(sid)
        assert found is not None
        assert fetched is not None
        assert found.sid == fetched.sid == sid

    def test_a_bad_number_is_refused_as_such(self, simulator: Server) -> None:
        with pytest.raises(api.CarrierRefused) as refused:
            carrier(simulator.url).place(Dial(call_id=uuid4(), number="+86123"))
        assert (refused.value.code, refused.value.disposition) == ("21211", "invalid_number")

    def test_a_wrong_token_is_refused(self, simulator: Server) -> None:
        with pytest.raises(api.CarrierRefused) as refused:
            carrier(simulator.url, auth_token="another").place(Dial(call_id=uuid4(), number=NUMBER))
        assert refused.value.disposition == "not_placed"

    def test_too_many_calls_wait_and_then_are_refused_for_later(self, limited: Server) -> None:
        with pytest.raises(api.CarrierRefused) as refused:
            carrier(limited.url).place(Dial(call_id=uuid4(), number=NUMBER))
        assert (refused.value.code, refused.value.retryable) == ("20429", True)

    def test_a_carrier_that_is_not_there_dialled_nothing(self) -> None:
        with pytest.raises(api.CarrierRefused) as refused:
            carrier("http://127.0.0.1:9").place(Dial(call_id=uuid4(), number=NUMBER))
        assert refused.value.code == "unreachable"

    def test_a_server_error_leaves_the_fate_unknown(self) -> None:
        from fastapi import FastAPI

        broken = FastAPI()

        @broken.post("/2010-04-01/Accounts/{account}/Calls.json", status_code=500)
        def create(account: str) -> dict[str, int]:
            return {"code": 20500}

        server = Server(broken).start()
        try:
            with pytest.raises(api.CarrierUnknown):
                carrier(server.url).place(Dial(call_id=uuid4(), number=NUMBER))
        finally:
            server.stop()

    def test_an_unknown_sid_is_no_call(self, simulator: Server) -> None:
        assert carrier(simulator.url).fetch("CA" + "0" * 32) is None

    def test_hanging_up_a_call_that_is_over_is_no_error(self, simulator: Server) -> None:
        line = carrier(simulator.url)
        sid = line.place(Dial(call_id=uuid4(), number=NUMBER))
        line.hangup(sid)
        wait_for(lambda: (found := line.fetch(sid)) is not None and found.state == "ended")
        line.hangup(sid)
        again = line.fetch(sid)
        assert again is not None
        assert again.state == "ended"


class TestSignature:
    def test_both_sides_agree(self) -> None:
        form = {"CallSid": "CA1", "CallStatus": "completed", "SequenceNumber": "3"}
        line = carrier("http://127.0.0.1:9")
        url = "https://a.example/x?y=1"
        signature = sign(TOKEN, url, form)
        assert line.signed(url, form, signature)
        assert not line.signed(url, form | {"CallStatus": "busy"}, signature)
        assert not line.signed(url, form, "")


class TestPlaceCall:
    def test_the_same_key_dials_once(self, sessions: Sessions, tmp_path: Path) -> None:
        with staged(sessions, tmp_path, ScriptedConversation()) as stage:
            call_id = new_id()
            order = request(call_id, persona="busy_line")
            first = api.place_call(stage.runtime, order)
            again = api.place_call(stage.runtime, order.model_copy(update={"call_id": new_id()}))
            ended = stage.ended(call_id)
        assert first == again
        assert ended.disposition == "busy"

    def test_what_became_of_a_lost_answer_is_asked_and_not_dialled_again(
        self, sessions: Sessions, tmp_path: Path
    ) -> None:
        with staged(sessions, tmp_path, ScriptedConversation()) as stage:
            order = request(new_id(), persona="busy_line")
            with sessions.begin() as session:
                service.register(session, order, stage.runtime.clock)
            with pytest.raises(api.CarrierUnknown):
                api.place_call(stage.runtime, order)
            assert api.fetch_fate(stage.runtime, order.call_id).state == "not_found"

    def test_numbers_are_sealed_and_in_no_log(
        self, sessions: Sessions, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        with staged(sessions, tmp_path, ScriptedConversation()) as stage:
            call_id = stage.place("busy_line")
            stage.ended(call_id)
        with sessions() as session:
            row = repository.row(session, call_id)
            assert NUMBER not in row.phone_sealed + row.conversation_sealed
            assert "王" not in row.conversation_sealed
        ours = [record.getMessage() for record in caplog.records if record.name.startswith(("telephony", "core_api"))]
        assert not [line for line in ours if NUMBER[1:] in line]


class TestCalls:
    def test_pages_follow_one_another(self, sessions: Sessions, tmp_path: Path) -> None:
        with staged(sessions, tmp_path, ScriptedConversation()) as stage:
            placed = [stage.place("busy_line", phone_e164=f"+861380013800{n}") for n in range(5)]
            for call_id in placed:
                stage.ended(call_id)
        with sessions() as session:
            first = api.calls(session, CallFilter(), limit=3)
            rest = api.calls(session, CallFilter(), first.next_cursor, limit=3)
        assert [call.id for call in first.items + rest.items] == placed[::-1]
        assert (first.total, rest.next_cursor) == (5, None)
