"""Calls over HTTP: who may see and hear them, and audio in parts."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from core_api.audit import service as audit
from core_api.audit.schemas import AuditFilter
from core_api.kit.clock import FixedClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Sessions, new_id
from core_api.kit.web import CurrentUser, Runtime, install_problem_handlers
from telephony import api
from telephony.audio.measuring import Outline
from telephony.calls import repository, service
from telephony.calls.schemas import Arrival, Ending, KeptRecording
from telephony.session.safe import Safe
from tests.telephony.kit import request

AUDIO = bytes(range(200))


@pytest.fixture
def call_id(sessions: Sessions, clock: FixedClock, keyring: Keyring, tmp_path: Path) -> UUID:
    """A finished call with a recording."""
    identity = new_id()
    (tmp_path / "recordings").mkdir()
    Safe(keyring, identity).write(tmp_path / "recordings" / f"{identity}.sealed", AUDIO)
    kept = KeptRecording(file_name=f"{identity}.sealed", format="ogg", duration_ms=2500, size_bytes=len(AUDIO))
    with sessions.begin() as session:
        service.register(session, request(identity), clock)
        service.start_media(session, identity, "CA1", "simulator", clock)
        service.set_recording(session, identity, kept, clock, Outline(20, bytes([0, 9]), bytes([255, 0])))
        service.finish(session, identity, Ending(disposition="partial", duration_seconds=3), clock)
        service.measure_quality(session, identity, None, 1.0, clock)
    return identity


@pytest.fixture
def pages(sessions: Sessions, clock: FixedClock, keyring: Keyring, tmp_path: Path) -> Iterator[TestClient]:
    app = FastAPI()
    install_problem_handlers(app)
    for router in api.routers:
        app.include_router(router)
    app.state.runtime = Runtime(sessions, clock, ZoneInfo("Asia/Shanghai"), keyring, tmp_path)
    rights = {
        "nurse": frozenset({"calls.read", "calls.listen"}),
        "auditor": frozenset({"calls.read"}),
        "lead": frozenset({"calls.read", "patients.reveal"}),
        "head": frozenset({"calls.read", "calls.write"}),
    }
    app.state.authenticate = lambda _session, token: (
        CurrentUser(id=new_id(), username=token, display_name=token, roles=(token,), permissions=rights[token])
        if token in rights
        else None
    )
    with TestClient(app) as client:
        yield client


def signed_in(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}


class TestGetCall:
    def test_shows_all_that_is_kept(self, pages: TestClient, call_id: UUID) -> None:
        call = pages.get(f"/api/calls/{call_id}", headers=signed_in("auditor")).json()
        assert (call["state"], call["disposition_label"], call["duration_seconds"]) == ("ended", "未完成", 3)
        assert (call["transcript_source"], call["turns"], call["answers"]) == ("simulator", [], [])
        recording = {"available": True, "duration_seconds": 2.5, "size_bytes": 200, "format": "ogg"}
        told = {name: call["recording"][name] for name in recording}
        assert (told, call["recording"]["missing_because"]) == (recording, None)
        assert "138" not in str({key: value for key, value in call.items() if "id" not in key and "_at" not in key})

    def test_is_denied_without_a_sign_in_and_not_found_without_a_call(self, pages: TestClient) -> None:
        assert pages.get(f"/api/calls/{new_id()}").status_code == 401
        assert pages.get(f"/api/calls/{new_id()}", headers=signed_in("nurse")).status_code == 404

    def test_lists_newest_first_and_refuses_a_false_cursor(self, pages: TestClient, call_id: UUID) -> None:
        page = pages.get("/api/calls", headers=signed_in("auditor")).json()
        assert ([call["id"] for call in page["items"]], page["total"]) == ([str(call_id)], 1)
        assert pages.get("/api/calls?cursor=nonsense", headers=signed_in("auditor")).status_code == 422

    def test_lists_by_how_they_went(self, pages: TestClient, call_id: UUID) -> None:
        def listed(grade: str) -> list[tuple[str, str]]:
            page = pages.get(f"/api/calls?quality={grade}", headers=signed_in("auditor")).json()
            assert page["total"] == len(page["items"])
            return [(call["id"], call["quality"]) for call in page["items"]]

        assert listed("good") == [(str(call_id), "good")]
        assert listed("poor") == []
        assert pages.get("/api/calls?quality=bad", headers=signed_in("auditor")).status_code == 422


class TestGetWaveform:
    def test_gives_both_sides_to_those_who_may_listen(
        self, pages: TestClient, call_id: UUID, sessions: Sessions
    ) -> None:
        url = f"/api/calls/{call_id}/waveform"
        drawn = pages.get(url, headers=signed_in("nurse")).json()
        assert drawn == {"step_ms": 20, "patient": [0, 9], "bot": [255, 0]}
        assert pages.get(url, headers=signed_in("auditor")).status_code == 403
        assert pages.get(f"/api/calls/{new_id()}/waveform", headers=signed_in("nurse")).status_code == 404
        with sessions() as session:
            kept = repository.recording(session, call_id)
            assert kept is not None
            assert "step_ms" not in str(kept.waveform_sealed)


class TestGetAudio:
    def test_comes_whole_and_in_parts(self, pages: TestClient, call_id: UUID) -> None:
        url = f"/api/calls/{call_id}/audio"
        whole = pages.get(url, headers=signed_in("nurse"))
        part = pages.get(url, headers=signed_in("nurse") | {"Range": "bytes=10-19"})
        assert (whole.content, whole.headers["content-type"]) == (AUDIO, "audio/ogg")
        assert (part.status_code, part.content) == (206, AUDIO[10:20])

    @pytest.mark.parametrize(
        ("asked", "status", "content"),
        [
            ("bytes=190-", 206, AUDIO[190:]),
            ("bytes=-5", 206, AUDIO[-5:]),
            ("bytes=190-900", 206, AUDIO[190:]),
            ("bytes=200-", 416, b""),
            ("bytes=-0", 416, b""),
            ("bytes=-", 200, AUDIO),
            ("lines=1-2", 200, AUDIO),
        ],
    )
    def test_answers_whatever_part_is_asked(
        self, pages: TestClient, call_id: UUID, asked: str, status: int, content: bytes
    ) -> None:
        part = pages.get(f"/api/calls/{call_id}/audio", headers=signed_in("nurse") | {"Range": asked})
        assert (part.status_code, part.content) == (status, content)

    @pytest.mark.parametrize("other", [b"", AUDIO, b"k1:" + AUDIO])
    def test_of_another_call_or_none_is_not_played(
        self, pages: TestClient, call_id: UUID, tmp_path: Path, other: bytes
    ) -> None:
        (tmp_path / "recordings" / f"{call_id}.sealed").write_bytes(other)
        assert pages.get(f"/api/calls/{call_id}/audio", headers=signed_in("nurse")).status_code == 404

    def test_lies_sealed(self, call_id: UUID, tmp_path: Path) -> None:
        assert AUDIO[:50] not in (tmp_path / "recordings" / f"{call_id}.sealed").read_bytes()

    def test_is_for_those_who_may_listen(self, pages: TestClient, call_id: UUID) -> None:
        assert pages.get(f"/api/calls/{call_id}/audio", headers=signed_in("auditor")).status_code == 403


class TestRevealCaller:
    def test_tells_the_number_with_a_reason_and_leaves_an_audit_row(
        self, pages: TestClient, sessions: Sessions, clock: FixedClock
    ) -> None:
        arrival = Arrival(carrier="simulator", carrier_sid="CA7", caller="+8613800138000")
        with sessions.begin() as session:
            arrived = service.register_arrival(session, arrival, clock)
        url = f"/api/calls/{arrived.id}"
        assert pages.get(url, headers=signed_in("lead")).json()["caller_masked"] == "138****8000"
        told = pages.post(f"{url}/caller", json={"reason": "回电"}, headers=signed_in("lead"))
        assert (told.status_code, told.json()) == (200, {"phone_e164": "+8613800138000"})
        with sessions() as session:
            noted = audit.entries(session, AuditFilter(action="call.reveal_caller"), None, 10).items
        assert [(row.subject_id, row.purpose) for row in noted] == [(str(arrived.id), "回电")]

    def test_is_denied_without_the_right_and_without_a_reason(self, pages: TestClient, call_id: UUID) -> None:
        url = f"/api/calls/{call_id}/caller"
        assert pages.post(url, json={"reason": "回电"}, headers=signed_in("nurse")).status_code == 403
        assert pages.post(url, json={"reason": ""}, headers=signed_in("lead")).status_code == 422

    def test_a_call_of_ours_has_none(self, pages: TestClient, call_id: UUID) -> None:
        answer = pages.post(f"/api/calls/{call_id}/caller", json={"reason": "回电"}, headers=signed_in("lead"))
        assert (answer.status_code, answer.json()["code"]) == (404, "no_caller")
