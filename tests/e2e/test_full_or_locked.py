"""The database is locked by somebody else, and the disk is full."""

import contextlib
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.hospital import Hospital, wait_for
from tests.e2e.conftest import Rasa

pytestmark = [pytest.mark.voice, pytest.mark.dialogue, pytest.mark.timeout(400)]

LOCKED_SECONDS = 4.0
SMALL_KIB = 256
NOT_SAVED = {"服务器磁盘已满，没有保存；请联系管理员清理后再试", "服务器无法读写文件，请联系管理员"}


class TestSqliteLocked:
    def test_calls_and_api_writes_wait_and_nothing_is_lost(self, running: Hospital, rasa: Rasa) -> None:
        assert rasa.serves()
        running.due("locked", "satisfaction", cooperative=2)
        campaign = running.campaign("locked")
        wait_for(lambda: running.on_the_line(campaign) >= 1, "a call on the line")
        with running.locked():
            writer = threading.Thread(target=running.campaign, args=("nobody",))
            writer.start()
            time.sleep(LOCKED_SECONDS)
            assert writer.is_alive(), "it waits its turn"
        writer.join()
        names = {one["status"] for one in running.http.get("/api/campaigns").json()["items"][:1]}
        assert names <= {"running", "finished"}, "what was written meanwhile is there"
        running.finish(campaign)
        assert {one.state for one in running.targets(campaign)} == {"done"}


class TestDiskFull:
    def test_while_recording_the_call_goes_on_and_says_why_it_cannot_be_heard(
        self, running: Hospital, rasa: Rasa
    ) -> None:
        assert rasa.serves()
        running.due("full", "satisfaction", cooperative=1)
        with full(running.settings.data_dir / "recordings" / "spool"):
            campaign = running.campaign("full")
            wait_for(lambda: {one.disposition for one in running.calls(campaign)} == {"completed"}, "the call's end")
            (call,) = running.calls(campaign)
            told = running.http.get(f"/api/calls/{call.id}").json()
            assert "recording.failed" in {event["kind"] for event in told["events"]}
            assert len(told["answers"]) > 3
        running.finish(campaign)

    def test_an_upload_is_refused_in_words_and_leaves_nothing(self, running: Hospital, tmp_path: Path) -> None:
        large = tmp_path / "patients.csv"
        large.write_bytes(b"x" * 4 * SMALL_KIB * 1024)
        place = running.settings.data_dir / "imports"
        runs = running.http.get("/api/imports").json()
        with full(place):
            with large.open("rb") as opened:
                answer = running.http.post("/api/imports", files={"files": opened})
            assert answer.status_code in {500, 507}
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["detail"] in NOT_SAVED
            assert not place.is_dir() or list(place.iterdir()) == []
        assert running.http.get("/api/imports").json() == runs
        assert running.http.get("/api/health").json()["database"] == "ok"


@contextlib.contextmanager
def full(folder: Path) -> Iterator[None]:
    """A folder on a disk of its own that is soon full; where nobody may mount one, a folder that cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_KIB}k", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    if not mounted:
        aside = folder.rename(folder.with_name(f"{folder.name}.aside"))
        folder.touch()
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        else:
            folder.unlink()
            aside.rename(folder)
