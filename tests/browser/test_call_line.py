"""A call that is listened to and taken over in the browser, with a WAV as the microphone and a patient on the line."""

import asyncio
import base64
import contextlib
import json
import threading
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from playwright.sync_api import Page, expect, sync_playwright
from sqlalchemy import select
from sqlalchemy.orm import Session
from websockets.exceptions import ConnectionClosed

from core_api.audit.models import AuditEntry
from core_api.kit.clock import SystemClock
from core_api.kit.db import Sessions, new_id
from core_api.patients.models import Patient
from core_api.responses import service as responses
from huifang import store
from huifang.settings import LocalSecrets, Settings
from telephony.audio.pcm import frames, level_dbfs, mulaw_to_pcm, pcm_to_mulaw
from telephony.calls import repository, service
from telephony.calls.models import CallRow
from telephony.calls.schemas import CallFilter, ConversationSpec
from telephony.speech.synthesis import EspeakSynthesizer, Voice
from tests.browser.conftest import CHROMIUM, DESK, FLAGS
from tests.browser.live_server import LiveServer, started
from tests.telephony.kit import request, wait_for
from tests.telephony.phone import SILENCE, Phone

pytestmark = [pytest.mark.browser, pytest.mark.covers("TX-6.2-1")]
QUESTIONNAIRE = "kidney_transplant"
LOUD_DBFS = -40.0
MICROPHONE = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("line")


@pytest.fixture(scope="module")
def server(built_pages: None, data_dir: Path) -> Iterator[LiveServer]:
    with started(data_dir) as running:
        yield running


@pytest.fixture(scope="module")
def sessions(server: LiveServer, data_dir: Path) -> Iterator[Sessions]:
    with store.opened(Settings(data_dir=data_dir)) as runtime:
        yield runtime.sessions


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A voice, as a computer's microphone would bring it."""
    spoken = EspeakSynthesizer(None, Voice()).say("您好，我是随访护士，请问您今天感觉怎么样？")
    path = tmp_path_factory.mktemp("microphone") / "voice.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(48000)
        out.writeframes(np.repeat(spoken, 6).astype("<i2").tobytes())
    return path


@pytest.fixture
def page(server: LiveServer, microphone: Path) -> Iterator[Page]:
    flags = [*FLAGS, "--disable-sync", *MICROPHONE, f"--use-file-for-fake-audio-capture={microphone}"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        context = browser.new_context(
            viewport={"width": DESK["width"], "height": DESK["height"]}, base_url=server.url, locale="zh-CN"
        )
        page = context.new_page()
        page.set_default_timeout(30_000)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        username, password = server.accounts["nurse"]
        page.goto("/login")
        page.get_by_label("账号").fill(username)
        page.get_by_label("密码").fill(password)
        page.get_by_role("button", name="登录").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("您好")
        yield page
        browser.close()
    assert errors == []


class OnThePhone:
    """Who picked up: hears, says keys and sound, in a thread of its own."""

    def __init__(self, phone: Phone, voice: list[str]) -> None:
        self._phone = phone
        self._voice = voice
        self.marks: list[str] = []
        self.loud = 0
        self.keys: list[str] = []
        self.speaks = False
        self.gone = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self) -> "OnThePhone":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.gone.set()
        self._thread.join(20)

    async def _run(self) -> None:
        async with self._phone.connect() as socket:
            await self._phone.start(socket)
            talking = asyncio.create_task(self._talk(socket))
            async for raw in socket:
                message = json.loads(raw)
                if message["event"] == "media":
                    pcm = mulaw_to_pcm(base64.b64decode(message["media"]["payload"]))
                    self.loud += level_dbfs(pcm) > LOUD_DBFS
                elif message["event"] == "mark":
                    self.marks.append(message["mark"]["name"])
                    await socket.send(raw)
            talking.cancel()

    async def _talk(self, socket: object) -> None:
        sent = 0
        with contextlib.suppress(ConnectionClosed):
            while not self.gone.is_set():
                sent += 1
                frame = self._voice[sent % len(self._voice)] if self.speaks else SILENCE
                await socket.send(json.dumps({"event": "media", "media": {"payload": frame}}))  # type: ignore[attr-defined]
                while self.keys:
                    key = {"event": "dtmf", "dtmf": {"digit": self.keys.pop(0)}}
                    await socket.send(json.dumps(key))  # type: ignore[attr-defined]
                await asyncio.sleep(0.02)
            await socket.close()  # type: ignore[attr-defined]


def placed(sessions: Sessions) -> UUID:
    """A call that was answered, with a questionnaire to ask."""
    call_id, clock = new_id(), SystemClock()
    with sessions.begin() as session:
        patient_id = session.scalars(select(Patient.id).order_by(Patient.id).limit(1)).one()
        response = responses.open_response(session, None, patient_id, QUESTIONNAIRE, "voice", clock, call_id=call_id)
        spec = ConversationSpec(
            conversation_id=new_id(),
            patient_id=patient_id,
            response_id=response.id,
            questionnaire_key=response.questionnaire_key,
            questionnaire_version=response.version,
            hospital_name="示例医院",
            salutation="王女士",
            full_name="王小明",
        )
        service.register(session, request(call_id, patient_id=patient_id, conversation=spec), clock)
    return call_id


def said(text: str) -> list[str]:
    """Words as a carrier's payloads."""
    voice = EspeakSynthesizer(None, Voice()).say(text)
    return [base64.b64encode(pcm_to_mulaw(np.frombuffer(frame, dtype="<i2"))).decode() for frame in frames(voice)]


def audited(sessions: Sessions, call_id: UUID) -> list[str]:
    with sessions() as session:
        query = select(AuditEntry.action).where(AuditEntry.subject_id == str(call_id)).order_by(AuditEntry.id)
        return [action for action in session.scalars(query) if action != "call.read"]


def _until(page: Page, condition: Callable[[], bool]) -> None:
    """As `wait_for`, but lets the page go on meanwhile."""
    for _ in range(600):
        if condition():
            return
        page.wait_for_timeout(50)
    message = "it did not come about in time"
    raise AssertionError(message)


def _refused_by_the_line(page: Page) -> None:
    """No exchange runs here, so a transfer fails: the person still has the call."""
    page.get_by_role("button", name="转接", exact=True).click()
    page.get_by_label("院内分机").fill("8001")
    page.get_by_role("button", name="转接给分机").click()
    expect(page.get_by_text("没有转接成功")).to_be_visible()
    expect(page.locator("#line-title")).to_have_text("您正在与患者通话")


class TestCallPage:
    def test_a_call_is_heard_taken_over_spoken_on_and_given_back(
        self, page: Page, server: LiveServer, sessions: Sessions, data_dir: Path
    ) -> None:
        call_id = placed(sessions)
        token = LocalSecrets.load_or_create(data_dir).simulator_auth_token
        with OnThePhone(Phone(server.url, call_id, token), said("我最近有点头晕，想问问药怎么吃")) as patient:
            wait_for(lambda: bool(patient.marks))
            patient.keys.append("1")
            page.goto(f"/calls/{call_id}")
            expect(page.get_by_text("正在问")).to_be_visible()
            page.get_by_role("button", name="旁听", exact=True).click()
            expect(page.locator("#line-title")).to_have_text("正在旁听")
            page.get_by_role("button", name="接管通话").click()
            expect(page.locator("#line-title")).to_have_text("您正在与患者通话")
            assert patient.marks[-1].startswith("item:person")
            before = patient.loud
            wait_for(lambda: patient.loud > before + 40)
            patient.speaks = True
            _until(page, lambda: page.locator(".meter i").evaluate("bar => bar.getBoundingClientRect().width") > 12)
            patient.speaks = False
            expect(page.get_by_text("接管了通话")).to_be_visible()
            _refused_by_the_line(page)
            page.get_by_role("button", name="交回自动服务").click()
            expect(page.locator("#line-title")).to_have_text("正在旁听")
            wait_for(lambda: patient.marks[-1].startswith("item:") and "person" not in patient.marks[-1], 60)
            expect(page.get_by_text("把通话交回自动服务")).to_be_visible()
            page.get_by_role("button", name="接管通话").click()
            expect(page.locator("#line-title")).to_have_text("您正在与患者通话")
            page.get_by_role("button", name="挂断").click()
            expect(page.get_by_text("人工接听").first).to_be_visible()  # what the call came to
        assert audited(sessions, call_id) == [
            "call.listen_in",
            "call.take_over",
            "call.transfer",
            "call.give_back",
            "call.take_over",
            "call.hang_up",
        ]


class TestTrial:
    def test_a_script_calls_its_editor_in_the_page_and_a_colleague_takes_the_call_over(
        self, page: Page, server: LiveServer, sessions: Sessions
    ) -> None:
        page.goto(f"/questionnaires/{QUESTIONNAIRE}")
        page.get_by_role("button", name="打给我").click()
        page.get_by_role("button", name="开始试拨").click()
        title = page.locator("#trial-title")
        expect(title).to_have_text("通话中")
        _until(page, lambda: page.locator(".meter i").evaluate("bar => bar.getBoundingClientRect().width") > 12)
        page.get_by_role("button", name="1", exact=True).click()
        expect(page.get_by_text("正在问")).to_be_visible()
        call_id = _trial(sessions)
        with sessions() as session:
            assert repository.row(session, call_id).transcript_source == "vosk"
        colleague = page.context.new_page()
        colleague.goto(f"/calls/{call_id}")
        colleague.get_by_role("button", name="旁听", exact=True).click()
        colleague.get_by_role("button", name="接管通话").click()
        expect(colleague.locator("#line-title")).to_have_text("您正在与患者通话")
        expect(page.get_by_text("接管了通话")).to_be_visible()
        colleague.get_by_role("button", name="挂断").click()
        expect(title).to_have_text("试拨已结束")
        with sessions() as session:
            assert service.page(session, CallFilter()).total == _all_calls(session) - 1


def _trial(sessions: Sessions) -> UUID:
    """The newest trial."""
    with sessions() as session:
        query = select(CallRow.id).where(CallRow.carrier == "browser").order_by(CallRow.id.desc()).limit(1)
        return session.scalars(query).one()


def _all_calls(session: Session) -> int:
    """Trials too."""
    return len(list(session.scalars(select(CallRow.id))))
