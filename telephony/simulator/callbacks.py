"""Signed requests from the carrier to us, some late, out of order and repeated, as real ones are."""

import asyncio
import itertools
import logging
import random
from datetime import UTC, datetime
from email.utils import format_datetime

import httpx

from telephony.session.tempo import Tempo
from telephony.simulator.settings import SimulatorSettings
from telephony.simulator.signature import sign
from telephony.simulator.store import SimCall

log = logging.getLogger(__name__)

TRIES = 3
REPEATS = 3
SERVER_ERROR = 500
AT_ONCE = 50


class InTurn(httpx.AsyncBaseTransport):
    """Sends so many requests at once, the others in their turn: httpx looks through all that wait at each step.

    Args:
        transport: That sends them.
        at_once: Requests under way.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, at_once: int = AT_ONCE) -> None:
        self._transport = transport
        self._turn = asyncio.Semaphore(at_once)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Waits for its turn, however long; the client's time limits hold from then on."""
        async with self._turn:
            return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        """Closes the transport."""
        await self._transport.aclose()


class Callbacks:
    """One call's callbacks.

    Args:
        settings: Account and disorder.
        http: Client to our side.
        seed: Decides whether this call's callbacks are disorderly.
        tempo: The call's time.
    """

    def __init__(self, settings: SimulatorSettings, http: httpx.AsyncClient, seed: str, tempo: Tempo) -> None:
        self._settings = settings
        self._http = http
        self._random = random.Random(seed)
        self._disorderly = self._random.random() < settings.disorder
        self._sequence = itertools.count()
        self._tempo = tempo
        self._tasks: list[asyncio.Task[str | None]] = []

    def status(self, call: SimCall, event: str, **more: str) -> None:
        """Tells a call's progress, in the background, if it was asked for."""
        if not call.status_callback or event not in call.status_events:
            return
        form = self._form(call) | {
            "CallStatus": call.status,
            "SequenceNumber": str(next(self._sequence)),
            "CallbackSource": "call-progress-events",
            "Timestamp": format_datetime(datetime.now(UTC)),
            **more,
        }
        if event == "completed" and call.duration_seconds is not None:
            form |= {"CallDuration": str(call.duration_seconds), "Duration": str(call.duration_seconds // 60 + 1)}
        times = REPEATS if self._disorderly else 1
        for _ in range(times):
            delay = self._random.uniform(0, 3) if self._disorderly else 0.0
            self._tasks.append(asyncio.create_task(self._later(delay, call.status_callback, form)))

    def answered_by(self, call: SimCall, answered_by: str) -> None:
        """Tells who answered, if it was asked for."""
        if call.amd_callback:
            form = self._form(call) | {"AnsweredBy": answered_by, "MachineDetectionDuration": "2400"}
            self._tasks.append(asyncio.create_task(self._later(0.0, call.amd_callback, form)))

    async def document(self, call: SimCall) -> str | None:
        """Asks what to do with the answered call."""
        return await self._post(call.url, self._form(call) | {"CallStatus": call.status})

    async def finished(self) -> None:
        """Waits for what is still under way."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _form(self, call: SimCall) -> dict[str, str]:
        return {
            "CallSid": call.sid,
            "AccountSid": self._settings.account_sid,
            "From": call.from_,
            "To": call.to,
            "Direction": call.direction,
            "ApiVersion": "2010-04-01",
        }

    async def _later(self, delay: float, url: str, form: dict[str, str]) -> str | None:
        await self._tempo.sleep(delay)
        return await self._post(url, form)

    async def _post(self, url: str, form: dict[str, str]) -> str | None:
        headers = {"X-Twilio-Signature": sign(self._settings.auth_token, url, form)}
        for attempt in range(TRIES):
            try:
                response = await self._http.post(url, data=form, headers=headers)
            except httpx.HTTPError:
                await self._tempo.sleep(1 + attempt)
                continue
            if response.status_code < SERVER_ERROR:
                return response.text if response.is_success else None
            await self._tempo.sleep(1 + attempt)
        log.warning("callback could not be delivered")
        return None
