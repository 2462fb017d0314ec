"""Our side at a fake exchange: the carrier, and a process that listens to its events."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from core_api.kit.clock import SystemClock
from core_api.kit.db import Sessions, new_id
from telephony import api
from telephony.calls import repository
from telephony.carriers.asterisk.account import AsteriskAccount, sid_of
from telephony.carriers.asterisk.carrier import AsteriskCarrier
from telephony.carriers.asterisk.exchange import Exchange
from telephony.runtime import TelephonyRuntime
from telephony.speech.choosing import HearingChoice
from tests.fakes.asterisk import PASSWORD, USER, FakeAsterisk
from tests.fakes.asterisk_media import Line, Patient
from tests.telephony.kit import NUMBER, Server, ToneVoice, request, wait_for


def account(url: str, **more: Any) -> AsteriskAccount:
    values: dict[str, Any] = {"url": url, "user": USER, "password": PASSWORD, "caller_id": "+861012345678"}
    return AsteriskAccount(**(values | {"timeout_seconds": 2.0} | more))


class Process:
    """A web process's place at the exchange, in a thread with a loop of its own."""

    def __init__(self, runtime: TelephonyRuntime, carrier: AsteriskCarrier) -> None:
        self.exchange: Exchange | None = None
        self._runtime = runtime
        self._carrier = carrier
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def start(self) -> "Process":
        self._thread.start()
        wait_for(lambda: self._carrier.listening is not None)
        return self

    def stop(self) -> None:
        if self._loop is not None and self._task is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(15)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.exchange = Exchange(self._runtime, self._carrier)
        self._task = asyncio.create_task(self.exchange.run())
        with contextlib.suppress(asyncio.CancelledError):
            await self._task


@dataclass
class Site:
    """The fake exchange and one process of ours."""

    runtime: TelephonyRuntime
    carrier: AsteriskCarrier
    fake: FakeAsterisk
    server: Server
    process: Process

    def place(self, patient: Patient, number: str = NUMBER, **more: Any) -> UUID:
        call_id = new_id()
        self.fake.patients[number] = patient
        api.place_call(self.runtime, request(call_id, carrier="asterisk", phone_e164=number, **more))
        return call_id

    def view(self, call_id: UUID) -> Any:
        with self.runtime.sessions() as session:
            return api.call(session, call_id)

    def ended(self, call_id: UUID, seconds: float = 30) -> Any:
        def over() -> bool:
            return self.view(call_id).state == "ended" and self.runtime.live.get(call_id) is None

        wait_for(over, seconds)
        return self.view(call_id)

    def events(self, call_id: UUID) -> list[Any]:
        with self.runtime.sessions() as session:
            return list(repository.events(session, call_id))

    def kinds(self, call_id: UUID) -> list[str]:
        return [event.kind for event in self.events(call_id)]

    def line(self, call_id: UUID) -> Line:
        lines = [line for line in self.fake.lines.values() if line.channel_id.startswith(sid_of(call_id))]
        return lines[-1]

    def do(self, work: Awaitable[Any]) -> None:
        """Lets something happen at the exchange, on its own loop."""
        assert self.server.loop is not None
        asyncio.run_coroutine_threadsafe(_awaited(work), self.server.loop).result(10)


async def _awaited(work: Awaitable[Any]) -> Any:
    return await work


@contextlib.contextmanager
def site(sessions: Sessions, folder: Path, conversation: Any, **options: Any) -> Iterator[Site]:
    """Runs both for the time of a test."""
    settings = options.pop("settings", None) or api.VoiceSettings()
    hearing = options.pop("hearing", None) or HearingChoice()
    fake = FakeAsterisk()
    server = Server(fake.app).start()
    carrier = AsteriskCarrier(account(server.url, **options))
    runtime = TelephonyRuntime(
        sessions=sessions,
        clock=SystemClock(),
        zone=ZoneInfo("Asia/Shanghai"),
        data_dir=folder,
        carriers={"asterisk": carrier},
        conversations=conversation,
        synthesizer=ToneVoice(),
        settings=settings,
        hearing=hearing,
    )
    process = Process(runtime, carrier).start()
    try:
        yield Site(runtime, carrier, fake, server, process)
    finally:
        process.stop()
        server.stop()
        runtime.workers.shutdown(wait=True)
