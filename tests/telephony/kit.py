"""Our side and the carrier's side as two servers on loopback, and a conversation that needs no dialogue."""

import asyncio
import contextlib
import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

import httpx
import numpy as np
import uvicorn
from fastapi import FastAPI
from pydub import AudioSegment

from core_api.kit.clock import SystemClock
from core_api.kit.db import Sessions, new_id
from core_api.kit.web import CurrentUser, Runtime, install_problem_handlers
from telephony import api
from telephony.audio.pcm import Pcm16
from telephony.calls import service
from telephony.calls.schemas import CallRequest, ConversationSpec
from telephony.session.conversation import Heard, Outcome, Spoken
from telephony.session.safe import safe_of
from telephony.simulator.api import SimulatorSettings, create_app

TOKEN = "a-token-of-both-sides"
PACE = 20.0
NUMBER = "+8613800138000"
CALL_IN_URLS = {"Url": "voice", "StatusCallback": "status"}


def kept_audio(sessions: Sessions, call_id: UUID, path: Path) -> AudioSegment:
    """A finished recording, unsealed."""
    with sessions() as session:
        return AudioSegment.from_file(io.BytesIO(safe_of(session, call_id).read(path)))


class ToneVoice:
    """Speech as a tone: 0.1 s a character."""

    def say(self, text: str) -> Pcm16:
        time_axis = np.arange(len(text) * 800) / 8000
        return (np.sin(2 * np.pi * 440 * time_axis) * 4000).astype(np.int16)


@dataclass
class ScriptedConversation:
    """Asks its places in order; remembers what it heard."""

    places: tuple[str, ...] = ("identity", "item:fever/boolean", "item:temperature/decimal")
    heard: list[Heard] = field(default_factory=list)
    last_words: list[tuple[str, str]] = field(default_factory=list)
    failure: Exception | None = None
    slow_seconds: float = 0.0
    key_hint: tuple[str, ...] = ()
    started: threading.Event = field(default_factory=threading.Event)
    spec: ConversationSpec | None = None
    guessed: list[Heard] = field(default_factory=list)

    def open(self, spec: ConversationSpec) -> Spoken:
        self.started.set()
        self.spec = spec
        return Spoken(segments=("您好，请问是本人吗？",), place=self.places[0])

    def respond(self, spec: ConversationSpec, heard: Heard) -> Spoken:
        self.heard.append(heard)
        if self.failure is not None:
            raise self.failure
        if heard.event is not None:
            return Spoken(segments=("您还在吗？",), place=self.places[min(self.answered, len(self.places) - 1)])
        if self.answered >= len(self.places):
            return Spoken(segments=("谢谢，再见。",), place="closing", expects="none", actions=(("hangup", {}),))
        return Spoken(segments=("下一个问题。",), place=self.places[self.answered], key_hint=self.key_hint)

    def likely(self, spec: ConversationSpec, heard: Heard) -> tuple[str, ...]:
        self.guessed.append(heard)
        return ("下一个问题。",)

    def outcome(self, spec: ConversationSpec) -> Outcome:
        done = self.answered >= len(self.places)
        return Outcome(disposition="completed" if done else None, completed=done, response_id=spec.response_id)

    def said(self, spec: ConversationSpec, text: str, kind: str) -> None:
        self.last_words.append((kind, text))

    @property
    def answered(self) -> int:
        return sum(1 for heard in self.heard if heard.event is None)


class Server:
    """An ASGI application on a loopback port, in a thread."""

    def __init__(self, app: FastAPI) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            app, log_level="warning", ws="websockets-sansio", lifespan="on", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self.loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> "Server":
        self._thread.start()
        wait_for(lambda: self._server.started)
        return self

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        await self._server.serve(sockets=[self._socket])


@dataclass
class Stage:
    """Both sides, running."""

    runtime: api.TelephonyRuntime
    conversation: Any
    ours: Server
    theirs: Server
    app: FastAPI
    exchange: FastAPI

    def place(self, persona: str, **more: Any) -> UUID:
        call_id = new_id()
        api.place_call(self.runtime, request(call_id, persona=persona, **more))
        return call_id

    def call_in(self, persona: str, number: str = NUMBER, **facts: str) -> UUID:
        """A persona calls us; returns once the call is written down."""
        account = SimulatorSettings(auth_token=TOKEN).account_sid
        form = {"From": number, "Persona": persona, **facts}
        form |= {name: f"{self.ours.url}/carriers/twilio/{path}" for name, path in CALL_IN_URLS.items()}
        url = f"{self.theirs.url}/simulator/{account}/call-in"
        answer = httpx.post(url, data=form, auth=(account, TOKEN), trust_env=False)
        assert answer.status_code == 201, answer.text
        sid = answer.json()["sid"]

        def known() -> list[UUID]:
            with self.runtime.sessions() as session:
                found = service.by_sid(session, sid)
                session.rollback()
            return [found] if found else []

        wait_for(lambda: bool(known()))
        return known()[0]

    def ended(self, call_id: UUID, seconds: float = 40) -> Any:
        """Waits for the call's end and its recording."""

        def over() -> bool:
            with self.runtime.sessions() as session:
                done = api.call(session, call_id).state == "ended"
                session.rollback()
            return done and self.runtime.live.get(call_id) is None

        wait_for(over, seconds)
        with self.runtime.sessions() as session:
            return api.call(session, call_id)


RIGHTS = {
    "nurse": frozenset({"calls.read", "calls.listen", "calls.talk", "calls.dial", "questionnaires.read"}),
    "doctor": frozenset({"calls.read", "calls.listen", "calls.talk", "calls.dial"}),
    "listener": frozenset({"calls.read", "calls.listen"}),
    "auditor": frozenset({"calls.read"}),
}


def staff(_session: Any, token: str) -> CurrentUser | None:
    """Who signs in by a name alone."""
    if token not in RIGHTS:
        return None
    identity = uuid5(NAMESPACE_OID, token)
    return CurrentUser(id=identity, username=token, display_name=token, roles=(token,), permissions=RIGHTS[token])


def request(call_id: UUID, **more: Any) -> CallRequest:
    patient_id = more.pop("patient_id", None) or uuid4()
    spec = ConversationSpec(conversation_id=uuid4(), patient_id=patient_id, salutation="王女士", full_name="王小明")
    values: dict[str, Any] = {
        "call_id": call_id,
        "patient_id": patient_id,
        "phone_e164": NUMBER,
        "carrier": "simulator",
        "conversation": spec,
        "idempotency_key": str(call_id),
    }
    return CallRequest(**(values | more))


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            message = "it did not come about in time"
            raise AssertionError(message)
        time.sleep(0.02)


@contextlib.contextmanager
def staged(
    sessions: Sessions,
    folder: Path,
    conversation: Any,
    *,
    voice: Any = None,
    slow_voice: Any = None,
    pace: float = PACE,
    settings: api.VoiceSettings | None = None,
    **simulator: Any,
) -> Iterator[Stage]:
    """Runs both sides for the time of a test."""
    options = {"silent_voices": True, "disorder": 0.0} | simulator
    exchange = create_app(SimulatorSettings(auth_token=TOKEN, pace=pace, **options))
    theirs = Server(exchange).start()
    app = FastAPI()
    install_problem_handlers(app)
    for router in api.routers:
        app.include_router(router)
    ours = Server(app)
    account = api.TwilioAccount(
        name="simulator",
        account_sid=SimulatorSettings(auth_token=TOKEN).account_sid,
        auth_token=TOKEN,
        caller_id="+861012345678",
        public_url=ours.url,
        api_url=theirs.url,
        pace=pace,
    )
    runtime = api.TelephonyRuntime(
        sessions=sessions,
        clock=SystemClock(),
        zone=ZoneInfo("Asia/Shanghai"),
        data_dir=folder,
        carriers={"simulator": api.TwilioCarrier(account), "browser": api.BrowserCarrier()},
        conversations=conversation,
        synthesizer=voice or ToneVoice(),
        slow_synthesizer=slow_voice,
        settings=settings or api.VoiceSettings(),
    )
    app.state.telephony = runtime
    app.state.authenticate = staff
    with sessions() as session:
        app.state.runtime = Runtime(sessions, SystemClock(), runtime.zone, session.info["keyring"], folder)
    ours.start()
    try:
        yield Stage(runtime, conversation, ours, theirs, app, exchange)
    finally:
        ours.stop()
        theirs.stop()
        runtime.workers.shutdown(wait=True)
