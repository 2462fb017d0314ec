"""Fixtures that every package's tests share: a database, a key ring, a clock that stands still, no outside network."""

import shutil
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core_api.kit.clock import FixedClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Sessions, make_engine, make_sessions
from migrations import upgrade

LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")  # noqa: S104 - compared, never bound


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """A test that reaches for the network outside this machine fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not str(address[0]).startswith(LOOPBACK):
            message = f"tests reach loopback only, not {address[0]}"
            raise RuntimeError(message)
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session")
def keyring() -> Keyring:
    return Keyring.create()


@pytest.fixture
def clock() -> FixedClock:
    """Friday 2026-11-20, 09:00 in the hospital's zone."""
    return FixedClock(datetime(2026, 11, 20, 1, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file that the migrations built; tests work on copies."""
    path = tmp_path_factory.mktemp("database") / "empty.db"
    engine = make_engine(f"sqlite:///{path}")
    upgrade(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture
def sessions(tmp_path: Path, keyring: Keyring, empty_database: Path) -> Iterator[Sessions]:
    """A SQLite database of this test's own, with every table."""
    path = tmp_path / "huifang.db"
    shutil.copyfile(empty_database, path)
    engine = make_engine(f"sqlite:///{path}")
    yield make_sessions(engine, keyring)
    engine.dispose()


@pytest.fixture
def session(sessions: Sessions) -> Iterator[Session]:
    """One open transaction, rolled back at the end."""
    with sessions() as open_session:
        yield open_session
        open_session.rollback()
