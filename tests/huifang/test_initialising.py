"""Two processes that find an empty database at the same moment make one product, not two halves."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from core_api.kit.db import new_id
from huifang import freshness
from huifang.settings import ROOT, Settings
from tests.servers import SERVERS

STARTERS = 2


def initialise_together(environments: list[dict[str, str]]) -> list[str]:
    """Runs `huifang init` in several processes at once; returns what they printed."""
    command = [sys.executable, "-m", "huifang", "init"]
    started = [
        subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **each}, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        for each in environments
    ]
    outputs = [process.communicate(timeout=400)[0] for process in started]
    assert [process.returncode for process in started] == [0] * len(started), outputs
    return outputs


def made_accounts(outputs: list[str]) -> int:
    return sum("只显示这一次" in output for output in outputs)


@pytest.mark.unit
@pytest.mark.timeout(500)
class TestOneDirectory:
    def test_is_made_once(self, tmp_path: Path) -> None:
        outputs = initialise_together([{"HUIFANG_DATA_DIR": str(tmp_path)}] * STARTERS)
        assert made_accounts(outputs) == 1
        assert (tmp_path / "keyring.json").is_file()
        assert not list(tmp_path.glob("*.partial"))


@pytest.fixture(params=sorted(SERVERS))
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A new database on the server, dropped at the end."""
    server = make_url(SERVERS[request.param])
    name = f"huifang_{new_id().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield server.set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))
    admin.dispose()


@pytest.mark.db
@pytest.mark.timeout(500)
class TestOneServer:
    def test_is_made_once_from_two_machines(self, url: str, tmp_path: Path) -> None:
        """Two data directories stand for two machines: no lock of one file system is between them."""
        machines = [tmp_path / "one", tmp_path / "two"]
        outputs = initialise_together(
            [{"HUIFANG_DATA_DIR": str(machine), "HUIFANG_DATABASE_URL": url} for machine in machines]
        )
        assert made_accounts(outputs) == 1


@pytest.mark.unit
class TestFreshness:
    def test_a_second_start_has_nothing_to_prepare(self, tmp_path: Path) -> None:
        settings = Settings(data_dir=tmp_path)
        assert not freshness.is_prepared(settings)
        for name in ("huifang.db", "keyring.json"):
            (tmp_path / name).touch()
        freshness.note_prepared(settings)
        assert freshness.is_prepared(settings)

    def test_a_changed_export_is_prepared_again(self, tmp_path: Path) -> None:
        settings = Settings(data_dir=tmp_path)
        for name in ("huifang.db", "keyring.json"):
            (tmp_path / name).touch()
        freshness.note_prepared(settings)
        (tmp_path / freshness.SAMPLE_FOLDER).mkdir()
        (tmp_path / freshness.SAMPLE_FOLDER / "patients.csv").write_text("x", "utf-8")
        assert not freshness.is_prepared(settings)

    def test_a_deleted_database_is_prepared_again(self, tmp_path: Path) -> None:
        settings = Settings(data_dir=tmp_path)
        (tmp_path / "keyring.json").touch()
        freshness.note_prepared(settings)
        assert not freshness.is_prepared(settings)

    def test_refuses_what_was_never_initialised(self, tmp_path: Path) -> None:
        with pytest.raises(freshness.NotInitialised):
            freshness.check_initialised(Settings(data_dir=tmp_path))
