"""A person's page reaches a web process that does not hold the call: the line is passed on to the one that does."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from websockets.asyncio.client import connect

from core_api.identity import service as identity
from core_api.kit.clock import FixedClock, SystemClock
from core_api.kit.db import Sessions, new_id
from core_api.kit.web import SESSION_COOKIE
from huifang import demo, store
from huifang.settings import LocalSecrets, Settings
from telephony.calls import by_hand, repository, service
from telephony.calls.schemas import ConversationSpec, Ending
from telephony.people.relay import GOOD_FOR, HEADER, is_ours, word
from tests.telephony.kit import request, wait_for
from tests.telephony.phone import Phone
from tests.telephony.test_people import PATIENT, PERSON, Patient, Staff, speak_until

pytestmark = [pytest.mark.voice, pytest.mark.covers("TX-6.2-1")]


class TestTheWordBetweenProcesses:
    def test_is_good_for_its_call_and_a_short_time(self, sessions: Sessions, clock: FixedClock) -> None:
        call_id, now = uuid4(), clock.now()
        with sessions() as session:
            shown = word(session, call_id, now + GOOD_FOR)
            assert is_ours(session, call_id, shown, now)
            assert not is_ours(session, uuid4(), shown, now)
            assert not is_ours(session, call_id, shown, now + GOOD_FOR + timedelta(seconds=1))
            assert not is_ours(session, call_id, shown, now - timedelta(hours=1))
            for forged in ("", "x", f"{int(now.timestamp())}.", f"9{shown}", shown[:-1] + "x"):
                assert not is_ours(session, call_id, forged, now)


class Process:
    """A web process of the product."""

    def __init__(self, data_dir: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{port}"
        environment = os.environ | {
            "HUIFANG_DATA_DIR": str(data_dir),
            "HUIFANG_WEB_PORT": str(port),
        }
        self._log = (data_dir / f"web-{port}.log").open("wb")
        command = [sys.executable, "-m", "huifang", "web"]
        self._child = subprocess.Popen(command, env=environment, stdout=self._log, stderr=subprocess.STDOUT)

    def ready(self) -> bool:
        assert self._child.poll() is None
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/api/session", trust_env=False).status_code == 401
        return False

    def kill(self) -> None:
        self._child.send_signal(signal.SIGKILL)
        self._child.wait(10)

    def stop(self) -> None:
        self._child.terminate()
        try:
            self._child.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
        self._log.close()


class Pair:
    """Two web processes over one database."""

    def __init__(self, data_dir: Path, sessions: Sessions, account: tuple[str, str]) -> None:
        self.sessions = sessions
        self.account = account
        self.token = LocalSecrets.load_or_create(data_dir).simulator_auth_token
        self.holder, self.other = Process(data_dir), Process(data_dir)

    def call(self) -> UUID:
        """A call that the nurse has dialled and the patient has yet to answer; the holder rings."""
        call_id, clock = new_id(), SystemClock()
        spec = ConversationSpec(conversation_id=uuid4(), purpose=by_hand.STAFF_CALL)
        with self.sessions.begin() as session:
            nurse = identity.user_id_of(session, self.account[0])
            wanted = request(call_id, conversation=spec, dialled_by_id=nurse)
            by_hand.prepare(session, wanted, "护士", "您好", clock)
            by_hand.claim(session, call_id, self.holder.url, clock)
        return call_id

    def signed_in(self) -> str:
        answer = httpx.post(
            f"{self.other.url}/api/session",
            json={"username": self.account[0], "password": self.account[1]},
            trust_env=False,
        )
        assert answer.status_code in {200, 201}, answer.text
        return answer.cookies[SESSION_COOKIE]

    def page(self, call_id: UUID, cookie: str, **headers: str) -> Any:
        url = self.other.url.replace("http", "ws") + f"/api/calls/{call_id}/line"
        sent = {"Cookie": f"{SESSION_COOKIE}={cookie}", **headers}
        return connect(url, additional_headers=sent, proxy=None, max_queue=None)

    def kinds(self, call_id: UUID) -> list[str]:
        with self.sessions() as session:
            return [event.kind for event in repository.events(session, call_id)]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    settings = Settings(data_dir=folder)
    accounts = {role: (username, password) for username, password, role in demo.prepare(settings)}
    with store.opened(settings) as runtime:
        both = Pair(folder, runtime.sessions, accounts["nurse"])
        try:
            wait_for(lambda: both.holder.ready() and both.other.ready(), 120)
            yield both
        finally:
            both.other.stop()
            both.holder.stop()


@contextlib.asynccontextmanager
async def answered(pair: Pair, call_id: UUID) -> Any:
    """The patient's media, at the holder."""
    phone = Phone(pair.holder.url, call_id, pair.token)
    async with phone.connect() as stream:
        await phone.start(stream)
        patient = Patient(phone, stream)
        running = asyncio.create_task(patient.run())
        await patient.until(lambda: patient.heard or patient.marks)
        try:
            yield patient
        finally:
            await stream.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


class TestTwoProcesses:
    async def test_a_person_listens_and_takes_over_through_the_other_one(self, pair: Pair) -> None:
        call_id, cookie = pair.call(), pair.signed_in()
        async with answered(pair, call_id) as patient, pair.page(call_id, cookie) as line:
            staff = Staff(line)
            await staff.until("ready")
            await staff.send("take_over")
            await staff.until("state", mine=True, on_air=True)
            await speak_until(staff, lambda: patient.heard.count(PERSON) > 10)
            patient.aloud = True
            await staff.hears(PATIENT)
            await staff.send("hang_up")
            await staff.until("ended")
            await line.wait_closed()
            assert line.close_code == 1000
        await asyncio.to_thread(wait_for, lambda: "call.ended" in pair.kinds(call_id))
        with pair.sessions() as session:
            assert repository.row(session, call_id).held_at == pair.holder.url

    async def test_a_forged_word_and_a_call_that_is_over_are_refused(self, pair: Pair) -> None:
        call_id, cookie = pair.call(), pair.signed_in()
        async with pair.page(call_id, cookie, **{HEADER: "1.forged"}) as line:
            await line.wait_closed()
            assert line.close_code == 4403
        with pair.sessions.begin() as session:
            service.finish(session, call_id, Ending(disposition="talked"), SystemClock())
        async with pair.page(call_id, cookie) as line:
            await line.wait_closed()
            assert line.close_code == 4404

    async def test_a_holder_that_dies_ends_the_line_and_says_so(self, pair: Pair) -> None:
        call_id, cookie = pair.call(), pair.signed_in()
        async with answered(pair, call_id), pair.page(call_id, cookie) as line:
            staff = Staff(line)
            await staff.until("ready")
            pair.holder.kill()
            async with asyncio.timeout(30):
                await line.wait_closed()
            assert line.close_code == 1011
        async with pair.page(call_id, cookie) as line:
            assert json.loads(await line.recv())["code"] == "holder_gone"
            await line.wait_closed()
            assert line.close_code == 4410
