"""Staff's own recordings of fixed prompts: checked, levelled, reviewed, used, withdrawn."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import soundfile
from fastapi import FastAPI
from fastapi.testclient import TestClient

from core_api.audit import service as audit
from core_api.audit.schemas import AuditFilter
from core_api.kit.clock import FixedClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Sessions
from core_api.kit.errors import Invalid
from core_api.kit.web import CurrentUser, Runtime, install_problem_handlers
from core_api.questionnaires import service as questionnaires
from telephony.audio.pcm import RATE_HZ, Pcm16, level_dbfs
from telephony.prompts import sound
from telephony.prompts.endpoints import router
from telephony.prompts.rules import recordable
from telephony.prompts.voice import RecordedVoice

SENTENCE = "没听清的话，您就说再说一遍。"
BOTH = "没听清的话，您就说再说一遍。现在不方便，您就说等会儿再打。"
PROMPTS = "/api/prompts"
RIGHTS = frozenset({"prompts.read", "prompts.write", "prompts.review"})
USERS = {
    name: CurrentUser(id=uuid4(), username=name, display_name=name, roles=("nurse",), permissions=rights)
    for name, rights in {"li": RIGHTS, "wang": RIGHTS, "chen": frozenset({"prompts.read"})}.items()
}
Send = Callable[..., Any]


def spoken(
    seconds: float = 3.0, dbfs: float = -28.0, rate_hz: int = 44_100, noise_dbfs: float = -75.0, gain: float = 1.0
) -> np.ndarray:
    """Half a second of a quiet room, something like speech, half a second of the room; shape (n,), full scale 1."""
    times = np.arange(int(seconds * rate_hz)) / rate_hz
    tone = np.sin(2 * np.pi * 400 * times) * np.sqrt(2) * 10 ** (dbfs / 20) * (times % 0.5 < 0.4)
    whole = np.concatenate([np.zeros(rate_hz // 2), tone, np.zeros(rate_hz // 2)])
    room = np.random.default_rng(1).normal(size=whole.size) * 10 ** (noise_dbfs / 20)
    made: np.ndarray = np.clip((whole + room) * gain, -1, 1)
    return made


def file_of(samples: np.ndarray, rate_hz: int = 44_100, kind: str = "WAV", subtype: str | None = None) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, samples, rate_hz, format=kind, subtype=subtype)
    return out.getvalue()


class Silent:
    """A synthesiser that can be told from a recording: it says nothing but zeros."""

    def say(self, text: str) -> Pcm16:
        return np.zeros(len(text) * 100, dtype=np.int16)


@pytest.fixture
def pages(sessions: Sessions, clock: FixedClock, keyring: Keyring, tmp_path: Path) -> Iterator[TestClient]:
    app = FastAPI()
    install_problem_handlers(app)
    app.include_router(router)
    app.state.runtime = Runtime(sessions, clock, ZoneInfo("Asia/Shanghai"), keyring, tmp_path)
    app.state.authenticate = lambda _session, token: USERS.get(token)
    with TestClient(app) as client:
        yield client


@pytest.fixture
def voice(sessions: Sessions, tmp_path: Path) -> RecordedVoice:
    return RecordedVoice(sessions, tmp_path / "prompts" / "recorded", "normal", Silent())


@pytest.fixture
def send(pages: TestClient) -> Send:
    def send(content: bytes | None = None, text: str = SENTENCE, who: str = "li", **more: str) -> Any:
        files = {"file": ("prompt.wav", content if content is not None else file_of(spoken()), "audio/wav")}
        url = f"{PROMPTS}/recordings"
        return pages.post(url, data={"text": text, **more}, files=files, headers=signed_in(who))

    return send


def signed_in(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}


def decide(pages: TestClient, number: str, who: str = "wang", *, approve: bool = True) -> int:
    body = {"approve": approve, "note": "" if approve else "请再慢一点"}
    return pages.post(f"{PROMPTS}/recordings/{number}/review", json=body, headers=signed_in(who)).status_code


class TestCheck:
    @pytest.mark.parametrize(
        ("kind", "rate_hz", "subtype"),
        [
            ("WAV", 44_100, "PCM_24"),
            ("FLAC", 48_000, None),
            ("OGG", 16_000, None),
            ("MP3", 44_100, None),
            ("WAV", 8000, None),
        ],
    )
    def test_brings_any_format_to_the_houses_level(self, kind: str, rate_hz: int, subtype: str | None) -> None:
        checked = sound.check(file_of(spoken(rate_hz=rate_hz), rate_hz, kind, subtype), SENTENCE)
        assert level_dbfs(checked.pcm) == pytest.approx(-18.0, abs=0.6)
        assert checked.pcm.size / RATE_HZ == pytest.approx(2.9, abs=0.15)
        assert (checked.facts.rate_hz, checked.facts.channels) == (rate_hz, 1)
        assert checked.facts.speech_dbfs == pytest.approx(-29.0, abs=1.5)
        assert np.abs(checked.pcm).max() < 32000

    def test_two_channels_become_one(self) -> None:
        both = np.column_stack([spoken(), spoken()])
        assert sound.check(file_of(both), SENTENCE).facts.channels == 2

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"RIFF....WAVE not sound", "读不出"),
            (b"", "读不出"),
            (file_of(spoken())[:60], "没有声音"),
            (file_of(np.zeros(44_100)), "没有声音"),
            (file_of(spoken(rate_hz=6000), 6000), "6000 Hz"),
            (file_of(spoken(dbfs=-12.0, gain=8.0)), "爆音"),
            (file_of(spoken(dbfs=-52.0)), "太小"),
            (file_of(spoken(dbfs=-25.0, noise_dbfs=-38.0)), "底噪"),
            (file_of(spoken(62.0, rate_hz=8000), 8000), "60 秒"),
            (bytes(10_000_001), "太大"),
        ],
        ids=["text", "empty", "cut off", "silence", "low rate", "clipped", "faint", "noisy", "long", "large"],
    )
    def test_says_what_is_wrong_and_what_to_do(self, content: bytes, says: str) -> None:
        with pytest.raises(Invalid, match=says) as refused:
            sound.check(content, SENTENCE)
        assert refused.value.field == "file"

    def test_a_length_that_does_not_fit_is_left_to_the_reviewer(self) -> None:
        assert "长得多" in sound.check(file_of(spoken(20.0)), SENTENCE).facts.doubts[0]
        assert "漏念" in sound.check(file_of(spoken(0.6)), SENTENCE).facts.doubts[0]
        assert sound.check(file_of(spoken()), SENTENCE).facts.doubts == ()


class TestRecordable:
    def test_leaves_out_what_holds_a_name_or_a_date(self) -> None:
        assert recordable("您好，{salutation}。现在不方便，您就说等会儿再打。……") == ["现在不方便，您就说等会儿再打。"]


class TestPrompts:
    def test_lists_what_is_said_word_for_word(self, pages: TestClient, sessions: Sessions, clock: FixedClock) -> None:
        with sessions.begin() as session:
            questionnaires.load_library(session, clock)
        found = {line["text"]: line for line in pages.get(PROMPTS, headers=signed_in("chen")).json()}
        assert found[SENTENCE]["places"] == ["通话用语"]
        assert {"谢谢您，下面由自动服务继续。", "请问有什么可以帮您？"} <= set(found)
        assert len({place for line in found.values() for place in line["places"]}) > 5
        assert not [text for text in found if "{" in text]
        assert pages.get(PROMPTS).status_code == 401

    def test_a_recording_is_used_after_a_second_person_has_heard_it(
        self, pages: TestClient, send: Send, voice: RecordedVoice, sessions: Sessions
    ) -> None:
        made = send().json()
        assert (made["state"], made["uploaded_by"]) == ("pending", "li")
        assert not voice.say(SENTENCE).any()
        assert decide(pages, made["id"], "li") == 409
        assert decide(pages, made["id"], "chen") == 403
        assert decide(pages, made["id"]) == 200
        assert decide(pages, made["id"]) == 409
        alone, both = voice.say(SENTENCE), voice.say(BOTH)
        assert level_dbfs(alone) == pytest.approx(-18.0, abs=0.6)
        assert np.array_equal(both[: alone.size], alone)
        assert not both[alone.size :].any()
        heard = pages.get(f"{PROMPTS}/recordings/{made['id']}/audio", headers=signed_in("chen"))
        assert soundfile.info(io.BytesIO(heard.content)).frames == alone.size
        with sessions() as session:
            told = {one.action for one in audit.entries(session, AuditFilter(subject_id=made["id"]), None, 9).items}
        assert told == {"prompt.upload", "prompt.approve"}

    def test_is_withdrawn_at_once(self, pages: TestClient, send: Send, voice: RecordedVoice) -> None:
        made = send().json()
        decide(pages, made["id"])
        assert voice.say(SENTENCE).any()
        url = f"{PROMPTS}/recordings/{made['id']}/retire"
        assert pages.post(url, headers=signed_in("chen")).status_code == 403
        assert pages.post(url, headers=signed_in("li")).status_code == 204
        assert not voice.say(SENTENCE).any()
        line = next(one for one in pages.get(PROMPTS, headers=signed_in("li")).json() if one["text"] == SENTENCE)
        assert (line["active"], line["pending"]) == (None, None)

    def test_a_newer_one_takes_the_place_of_the_older(
        self, pages: TestClient, send: Send, voice: RecordedVoice
    ) -> None:
        first = send().json()
        decide(pages, first["id"])
        before = voice.say(SENTENCE)
        send(file_of(spoken(4.0)))
        second = send(file_of(spoken(5.0))).json()
        line = next(one for one in pages.get(PROMPTS, headers=signed_in("li")).json() if one["text"] == SENTENCE)
        assert (line["active"]["id"], line["pending"]["id"]) == (first["id"], second["id"])
        assert np.array_equal(voice.say(SENTENCE), before)
        decide(pages, second["id"])
        assert voice.say(SENTENCE).size > 1.5 * before.size

    def test_what_is_sent_back_is_not_used(self, pages: TestClient, send: Send, voice: RecordedVoice) -> None:
        assert decide(pages, send().json()["id"], approve=False) == 200
        assert not voice.say(SENTENCE).any()

    def test_the_slow_voice_has_recordings_of_its_own(
        self, pages: TestClient, send: Send, voice: RecordedVoice, sessions: Sessions, tmp_path: Path
    ) -> None:
        decide(pages, send(voice="slow").json()["id"])
        slow = RecordedVoice(sessions, tmp_path / "prompts" / "recorded", "slow", Silent())
        assert slow.say(SENTENCE).any()
        assert not voice.say(SENTENCE).any()

    def test_refuses_a_sentence_that_is_none_of_ours_and_a_bad_file(self, send: Send, tmp_path: Path) -> None:
        assert send(text="您好，王女士。").json()["field"] == "text"
        refused = send(b"nothing").json()
        assert (refused["field"], refused["code"]) == ("file", "prompt_sound")
        assert not list(tmp_path.glob("prompts/recorded/*"))

    def test_a_lost_file_or_database_leaves_the_synthesis(
        self, pages: TestClient, send: Send, voice: RecordedVoice, tmp_path: Path
    ) -> None:
        made = send().json()
        decide(pages, made["id"])
        next(iter((tmp_path / "prompts" / "recorded").glob("*.s16"))).unlink()
        assert voice.say(SENTENCE).size == 100 * len(SENTENCE)
        assert pages.get(f"{PROMPTS}/recordings/{made['id']}/audio", headers=signed_in("li")).status_code == 404
