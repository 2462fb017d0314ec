"""The database and the key ring of one data directory: making, migrating and opening them."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from core_api.kit.alone import alone
from core_api.kit.clock import Clock, SystemClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import make_engine, make_sessions
from core_api.kit.web import Runtime
from huifang.freshness import NotInitialised
from huifang.settings import Settings
from migrations import upgrade

LOCK = ".initialising"
LOCK_NAME = "huifang.initialising"


@contextmanager
def initialising(settings: Settings) -> Iterator[None]:
    """One process at a time makes what is missing, on this machine (key ring) and in this database (schema, seeds)."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = make_engine(settings.database)
    try:
        with (settings.data_dir / LOCK).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            with alone(engine, LOCK_NAME):
                yield
    finally:
        engine.dispose()


def create_keyring(settings: Settings) -> bool:
    """Makes the key ring unless there is one; tells whether it made it."""
    if settings.keyring.exists():
        return False
    Keyring.create().save(settings.keyring)
    return True


def migrate(settings: Settings) -> None:
    """Brings the database to the newest schema; creates it when it is SQLite and absent."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = make_engine(settings.database)
    try:
        upgrade(engine)
    finally:
        engine.dispose()


@contextmanager
def opened(settings: Settings, clock: Clock | None = None) -> Iterator[Runtime]:
    """Opens the store and closes its connections at the end.

    Raises:
        NotInitialised: There is no key ring; `huifang init` makes one.
    """
    try:
        keyring = Keyring.load(settings.keyring)
    except FileNotFoundError as error:
        raise NotInitialised("尚未初始化：请先运行 huifang init") from error
    engine = make_engine(settings.database)
    try:
        yield Runtime(
            sessions=make_sessions(engine, keyring),
            clock=clock or SystemClock(),
            zone=settings.zone,
            keyring=keyring,
            data_dir=settings.data_dir,
            hospital_name=settings.hospital_name,
        )
    finally:
        engine.dispose()


def answers(runtime: Runtime) -> bool:
    """Whether the database answers; any failure is a no, and the caller reports it."""
    try:
        with runtime.sessions() as session:
            session.connection(execution_options={"read_only": True})
            session.execute(text("SELECT 1"))
    except Exception:  # noqa: BLE001 - a health probe's edge: every failure means the same
        return False
    return True
