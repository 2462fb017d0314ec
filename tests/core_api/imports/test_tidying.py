"""An import whose process was killed does not stay "running", and its files can be imported again."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from core_api.imports import repository, service, uploads
from core_api.imports.tidying import tidy
from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions, new_id

pytestmark = pytest.mark.unit


def begun(sessions: Sessions, clock: FixedClock) -> UUID:
    run_id = new_id()
    with sessions.begin() as session:
        repository.begin(session, run_id, False, None, clock.now())
    return run_id


def state(sessions: Sessions, run_id: UUID) -> str:
    with sessions() as session:
        return service.report(session, run_id).state


class TestTidy:
    def test_ends_a_run_that_is_not_heard_of_and_says_what_to_do(
        self, sessions: Sessions, clock: FixedClock, tmp_path: Path
    ) -> None:
        run_id = begun(sessions, clock)
        clock.advance(timedelta(minutes=3))
        assert tidy(sessions, tmp_path, clock) == 1
        with sessions() as session:
            found = service.report(session, run_id)
        assert (found.state, found.finished_at, found.issues_total) == ("failed", clock.now(), 1)
        assert "重新导入" in found.issues[0].remedy

    def test_leaves_a_run_that_goes_on(self, sessions: Sessions, clock: FixedClock, tmp_path: Path) -> None:
        run_id = begun(sessions, clock)
        for _ in range(5):
            clock.advance(timedelta(minutes=1))
            with sessions.begin() as session:
                repository.beat(session, run_id, clock.now())
            assert tidy(sessions, tmp_path, clock) == 0
        assert state(sessions, run_id) == "running"

    def test_ends_it_once(self, sessions: Sessions, clock: FixedClock, tmp_path: Path) -> None:
        begun(sessions, clock)
        clock.advance(timedelta(minutes=3))
        assert [tidy(sessions, tmp_path, clock) for _ in range(3)] == [1, 0, 0]

    def test_gives_the_files_back(self, sessions: Sessions, clock: FixedClock, tmp_path: Path) -> None:
        begun(sessions, clock)
        folder = uploads.folder_of(tmp_path, new_id())
        uploads.claimed(folder).mkdir(parents=True)
        (uploads.claimed(folder) / "patients.csv").write_text("x", "utf-8")
        clock.advance(timedelta(minutes=3))
        tidy(sessions, tmp_path, clock)
        assert (folder / "patients.csv").is_file()

    def test_leaves_the_files_of_an_import_under_way(
        self, sessions: Sessions, clock: FixedClock, tmp_path: Path
    ) -> None:
        begun(sessions, clock)
        clock.advance(timedelta(minutes=3))
        begun(sessions, clock)
        folder = uploads.claimed(uploads.folder_of(tmp_path, new_id()))
        folder.mkdir(parents=True)
        assert tidy(sessions, tmp_path, clock) == 1
        assert folder.is_dir()
