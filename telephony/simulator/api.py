"""The simulator as an ASGI application: Twilio's REST API for calls, from the carrier's side."""

import asyncio
import base64
import binascii
import contextlib
import re
import secrets
import time
from collections import deque
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from telephony.simulator.callbacks import InTurn
from telephony.simulator.personas import Library
from telephony.simulator.run import FINAL, INBOUND, CallRun, dialled_number
from telephony.simulator.settings import SimulatorSettings
from telephony.simulator.store import SimCall, Store, now
from telephony.simulator.voice import PersonaVoices, VoiceOptions

CALLS = "/2010-04-01/Accounts/{account}/Calls"
E164 = re.compile(r"\+[1-9]\d{7,14}")
FACTS = ("birth", "tail")
MORE_INFO = "https://www.twilio.com/docs/errors/"
CALLBACK_TIMEOUT_SECONDS = 15

__all__ = ["SimulatorSettings", "create_app"]


class Refusal(Exception):
    """An error as Twilio's REST API words it."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class Exchange:
    """The calls under way.

    Args:
        settings: The simulator's.
    """

    def __init__(self, settings: SimulatorSettings) -> None:
        self.settings = settings
        self.store = Store(settings.store)
        self.store.fail_lost()
        self.library = Library.load(settings.personas)
        voices = (settings.voices, settings.silent_voices, settings.recordings, settings.noise_db, settings.seed)
        self.voices = PersonaVoices(VoiceOptions(*voices))
        transport = InTurn(httpx.AsyncHTTPTransport(trust_env=False))
        self.http = httpx.AsyncClient(timeout=CALLBACK_TIMEOUT_SECONDS, trust_env=False, transport=transport)
        self.runs: dict[str, CallRun] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._created: deque[float] = deque()

    def admit(self) -> None:
        """Raises Refusal when more calls per second come than the account may place."""
        limit = self.settings.calls_per_second
        moment = time.monotonic()
        while self._created and moment - self._created[0] > 1:
            self._created.popleft()
        if limit is not None and len(self._created) >= limit:
            raise Refusal(429, 20429, "Too Many Requests")
        self._created.append(moment)

    def begin(self, call: SimCall) -> SimCall:
        """Takes a call and runs it in the background."""
        self.store.put(call)
        run = CallRun(self.settings, self.store, self.library, self.voices, self.http, call.sid)
        self.runs[call.sid] = run
        task = asyncio.create_task(run.run())
        self._tasks.add(task)

        def done(finished: "asyncio.Task[None]") -> None:
            self._tasks.discard(finished)
            self.runs.pop(call.sid, None)

        task.add_done_callback(done)
        return call

    def persona(self, number: str, wanted: str | None) -> str:
        """The persona that answers a number."""
        known = self.library.personas
        for key in (wanted, self.settings.only, self.settings.by_number.get(number)):
            if key in known:
                return str(key)
        return self.library.choose(number, self.settings.seed).key

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.http.aclose()
        self.voices.workers.shutdown(wait=False)
        self.store.close()


def create_app(settings: SimulatorSettings) -> FastAPI:
    """The carrier's REST API; its calls run in the same event loop."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.exchange = Exchange(settings)
        yield
        await app.state.exchange.close()

    app = FastAPI(title="Carrier simulator", lifespan=lifespan)
    app.add_exception_handler(Refusal, _refused)
    app.add_api_route(f"{CALLS}.json", _create, methods=["POST"], status_code=201)
    app.add_api_route(f"{CALLS}.json", _list, methods=["GET"])
    app.add_api_route(f"{CALLS}/{{sid}}.json", _fetch, methods=["GET"])
    app.add_api_route(f"{CALLS}/{{sid}}.json", _update, methods=["POST"])
    app.add_api_route("/simulator/{account}/call-in", _call_in, methods=["POST"], status_code=201)
    app.add_api_route("/health", _health, methods=["GET"])
    return app


async def _create(account: str, request: Request) -> dict[str, Any]:
    exchange = _exchange(account, request)
    form = await request.form()
    exchange.admit()
    to, caller, url = (str(form.get(name, "")) for name in ("To", "From", "Url"))
    _check(to, caller, url)
    wanted = parse_qs(urlsplit(url).query).get("persona", [None])[0]
    call = SimCall(
        sid="CA" + secrets.token_hex(16),
        to=to,
        from_=caller,
        url=url,
        status_callback=_text(form.get("StatusCallback")),
        status_events=tuple(str(event) for event in form.getlist("StatusCallbackEvent")) or ("completed",),
        amd_callback=_text(form.get("AsyncAmdStatusCallback")) if form.get("MachineDetection") else None,
        timeout_seconds=_number(form.get("Timeout"), 60, 600),
        time_limit_seconds=_number(form.get("TimeLimit"), 14400, 14400),
        created_at=now(),
        persona=exchange.persona(to, wanted),
    )
    return exchange.begin(call).resource(account)


async def _call_in(account: str, request: Request) -> dict[str, Any]:
    """Has a persona call us, as the public network would: not of Twilio's API, for there people do it.

    `From` is empty where the caller hides the number; `Url` and `StatusCallback` are the number's own settings;
    `birth` and `tail` are what the persona knows of itself.
    """
    exchange = _exchange(account, request)
    form = await request.form()
    caller, url = str(form.get("From", "")), str(form.get("Url", ""))
    if caller and not E164.fullmatch(caller):
        raise Refusal(400, 21212, "The 'From' number is not a valid phone number")
    if not url.startswith(("http://", "https://")):
        raise Refusal(400, 21205, "Url is not a valid URL")
    call = SimCall(
        sid="CA" + secrets.token_hex(16),
        to=str(form.get("To", "+861012345678")),
        from_=caller or "anonymous",
        url=url,
        status_callback=_text(form.get("StatusCallback")),
        created_at=now(),
        persona=exchange.persona(caller, _text(form.get("Persona"))),
        direction=INBOUND,
        facts={name: str(form[name]) for name in FACTS if form.get(name)},
    )
    return exchange.begin(call).resource(account)


async def _fetch(account: str, sid: str, request: Request) -> dict[str, Any]:
    return _known(_exchange(account, request), sid).resource(account)


async def _list(account: str, request: Request) -> dict[str, Any]:
    exchange = _exchange(account, request)
    query = request.query_params
    after = query.get("StartTime>") or query.get("StartTimeAfter")
    size = _number(query.get("PageSize"), 50, 1000)
    found = exchange.store.find(query.get("To"), _stored_time(after), size)
    return {
        "calls": [call.resource(account) for call in found],
        "page": 0,
        "page_size": size,
        "start": 0,
        "end": max(0, len(found) - 1),
        "uri": str(request.url.path),
        "first_page_uri": str(request.url.path),
        "next_page_uri": None,
        "previous_page_uri": None,
    }


async def _update(account: str, sid: str, request: Request) -> dict[str, Any]:
    exchange = _exchange(account, request)
    call = _known(exchange, sid)
    form = await request.form()
    if call.status in FINAL:
        raise Refusal(400, 21220, "Invalid call state, Call is not in-progress. Cannot redirect.")
    run = exchange.runs.get(sid)
    if run is None:
        call = exchange.store.change(sid, status="completed", ended_at=now(), duration_seconds=0)
    elif form.get("Twiml"):
        call = exchange.store.change(sid, transferred_to=dialled_number(str(form.get("Twiml"))))
        run.hang_up()
    elif form.get("Status") in {"completed", "canceled"}:
        run.hang_up()
    return call.resource(account)


async def _health(request: Request) -> dict[str, Any]:
    return {"status": "ok", "calls": len(request.app.state.exchange.runs)}


def _exchange(account: str, request: Request) -> Exchange:
    """The exchange, for the account's own requests only."""
    found: Exchange = request.app.state.exchange
    expected = f"{found.settings.account_sid}:{found.settings.auth_token}".encode()
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        given = b""
    if (
        scheme.lower() != "basic"
        or not secrets.compare_digest(given, expected)
        or account != found.settings.account_sid
    ):
        raise Refusal(401, 20003, "Authenticate")
    return found


def _known(exchange: Exchange, sid: str) -> SimCall:
    call = exchange.store.get(sid)
    if call is None:
        raise Refusal(404, 20404, "The requested resource was not found")
    return call


def _check(to: str, caller: str, url: str) -> None:
    if not to:
        raise Refusal(400, 21201, "No 'To' number specified")
    if not E164.fullmatch(to):
        raise Refusal(400, 21211, "The phone number you are attempting to call is not valid")
    if not E164.fullmatch(caller):
        raise Refusal(400, 21212, "The 'From' number is not a valid phone number")
    if not url.startswith(("http://", "https://")):
        raise Refusal(400, 21205, "Url is not a valid URL")


def _stored_time(text: str | None) -> str | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment.astimezone(UTC) - timedelta(seconds=1)).isoformat()


def _text(value: object) -> str | None:
    return str(value) if value else None


def _number(value: object, default: int, most: int) -> int:
    text = str(value or "")
    return min(int(text), most) if text.isdigit() else default


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, Refusal):
        raise error
    body = {
        "code": error.code,
        "message": error.message,
        "more_info": f"{MORE_INFO}{error.code}",
        "status": error.status,
    }
    return JSONResponse(body, status_code=error.status)
