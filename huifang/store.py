"""The database and the key ring of one data directory: making, migrating and opening them."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from core_api.kit.alone import alone
from core_api.kit.clock import Clock, SystemClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import make_engine, make_sessions
from core_api.kit.errors import ServiceError
from core_api.kit.web import Runtime
from huifang.freshness import NotInitialised
from huifang.settings import Settings
from migrations import revisions, upgrade

LOCK = ".initialising"
LOCK_NAME = "huifang.initialising"


class SchemaDiffers(ServiceError):
    """The database is older, or newer, than this code."""

    default_code = "schema_differs"
    status = 503


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
        SchemaDiffers: `huifang migrate` has to run first, or the code is older than the database.
    """
    try:
        keyring = Keyring.load(settings.keyring)
    except FileNotFoundError as error:
        raise NotInitialised("尚未初始化：请先运行 huifang init") from error
    engine = make_engine(settings.database)
    try:
        _check_schema(engine)
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


def _check_schema(engine: Engine) -> None:
    """Refuses a database of another structure; one that does not answer now is left to the health probe."""
    wanted = revisions.newest()
    try:
        present = revisions.present(engine)
    except SQLAlchemyError:
        return
    if present == wanted:
        return
    if present is not None and present > wanted:
        raise SchemaDiffers(f"数据库结构（{present}）比程序（{wanted}）新：请升级程序，或恢复升级前的备份")
    raise SchemaDiffers(f"数据库结构为 {present or '空'}，程序需要 {wanted}：请先运行 huifang migrate")
