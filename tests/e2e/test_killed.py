"""One process after the other dies in the middle of its work."""

import csv
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from bench import world
from bench.hospital import Hospital, wait_for
from campaigns.dispositions.models import Disposition
from core_api.imports.models import ImportRun
from core_api.patients.models import Patient
from sample.make_sample import PATIENT_COLUMNS
from telephony.calls.models import RecordingRow
from tests.e2e.conftest import Rasa

pytestmark = [pytest.mark.voice, pytest.mark.dialogue, pytest.mark.timeout(400)]

IMPORTED = 6_000
FAR = 50_000
SILENT = timedelta(minutes=3)


class TestWebKilled:
    @pytest.mark.covers("RC-OUT-05", "RC-OPS-03a")
    def test_calls_are_gone_on_with_and_nobody_is_dialled_twice(self, running: Hospital, rasa: Rasa) -> None:
        assert rasa.serves()
        running.due("web-killed", "satisfaction", talkative=2, cooperative=1)
        campaign = running.campaign("web-killed")
        wait_for(lambda: running.on_the_line(campaign) >= 2, "calls on the line")
        wait_for(lambda: running.answered_items(campaign) >= 2, "answers")
        cut = {one.id for one in running.calls(campaign) if one.ended_at is None}
        running.kill("web")
        wait_for(lambda: running.serves("web"), "the web process to be started again")
        running.finish(campaign)
        by_id = {one.id: one for one in running.attempts(campaign)}
        assert {by_id[one].disposition for one in cut} <= {"partial", "silent", "interrupted", "bot_unavailable"}
        assert {one.state for one in running.targets(campaign)} == {"done"}
        for one in running.targets(campaign):
            assert len({by.response_id for by in by_id.values() if by.target_id == one.id}) == 1, "begun anew"
        spoken = {one.id for one in running.calls(campaign) if one.id in cut and one.media_at is not None}
        with running.runtime.sessions() as session:
            kept = set(session.scalars(select(RecordingRow.call_id).where(RecordingRow.duration_ms > 0)))
        assert spoken
        assert spoken <= kept, "the spool of a killed process is made playable"


class TestKilledMidImport:
    def test_what_went_in_is_recognised_and_the_rest_goes_in(self, running: Hospital, tmp_path: Path) -> None:
        export = _export(tmp_path / "patients.csv")
        before = _patients(running)
        upload = threading.Thread(target=_upload_to_its_end, args=(running, export))
        upload.start()
        wait_for(lambda: _patients(running) > before, "rows")
        running.kill("web")
        upload.join()
        half = _patients(running) - before
        assert 0 < half < IMPORTED
        wait_for(lambda: running.serves("web"), "the web process to be started again")
        _forget_its_heartbeat(running)
        report = _upload(running, export)
        (file,) = report["files"]
        assert (file["created"], file["unchanged"], file["refused"]) == (IMPORTED - half, half, 0)
        wait_for(lambda: _first_run(running)["state"] == "failed", "the killed run to be told as such", 60)
        issues = running.http.get(f"/api/imports/{_first_run(running)['id']}").json()["issues"]
        assert "请用同一批文件重新导入，已写入的行不会重复" in {issue["remedy"] for issue in issues}


class TestRasaKilled:
    def test_the_call_goes_on_by_keys_or_ends_politely_and_is_tried_again(self, running: Hospital, rasa: Rasa) -> None:
        _wait_after_a_failure_of_ours(running, minutes=2_000)
        running.due("rasa-killed", "satisfaction", cooperative=2, talkative=1)
        campaign = running.campaign("rasa-killed")
        wait_for(lambda: running.answered_items(campaign) >= 2, "answers")
        rasa.kill()
        wait_for(rasa.serves, "Rasa to be started again")
        running.finish(campaign)
        assert {one.state for one in running.targets(campaign)} <= {"done", "people"}
        assert "done" in {one.state for one in running.targets(campaign)}
        spoken = [one for one in running.calls(campaign) if one.disposition == "bot_unavailable"]
        for one in spoken:
            said = " ".join(line["text"] for line in running.http.get(f"/api/calls/{one.id}").json()["turns"])
            assert "按" in said or "联系" in said

    def test_no_patients_word_is_in_its_log(self, running: Hospital) -> None:
        log = running.log("rasa")
        assert "Starting Rasa server on" in log
        assert not any("\u4e00" <= character <= "\u9fff" for character in log)
        assert "\\u" not in log


def _wait_after_a_failure_of_ours(running: Hospital, minutes: int) -> None:
    """Dispositions are the hospital's own: here Rasa has the time to come back before a patient is called again."""
    with running.runtime.sessions.begin() as session:
        session.execute(update(Disposition).where(Disposition.key == "bot_unavailable").values(delay_minutes=minutes))


def _export(file: Path) -> Path:
    """Patients whom no other test has."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, PATIENT_COLUMNS, restval="")
        writer.writeheader()
        for number in range(IMPORTED):
            phone = world.phone(FAR + number).removeprefix("+86")
            writer.writerow(
                {"大病历号": f"I{number:06d}", "姓名": "张晓兰", "性别": "女", "手机号": phone, "院区": "越秀院区"}
            )
    return file


def _upload(running: Hospital, file: Path) -> Any:
    with file.open("rb") as opened:
        return running.http.post("/api/imports", data={"dry_run": "false"}, files={"files": opened}).json()


def _upload_to_its_end(running: Hospital, file: Path) -> None:
    """The process dies meanwhile, and the connection with it."""
    with pytest.raises(httpx.TransportError):
        _upload(running, file)


def _patients(running: Hospital) -> int:
    with running.runtime.sessions() as session:
        session.connection(execution_options={"read_only": True})
        return session.scalar(select(func.count()).select_from(Patient)) or 0


def _forget_its_heartbeat(running: Hospital) -> None:
    """As if two minutes had gone by since the process died."""
    with running.runtime.sessions.begin() as session:
        long_ago = running.runtime.clock.now() - SILENT
        session.execute(update(ImportRun).where(ImportRun.state == "running").values(heartbeat_at=long_ago))


def _first_run(running: Hospital) -> Any:
    """The killed one, which began before the second."""
    return running.http.get("/api/imports").json()[1]
