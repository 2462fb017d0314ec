"""The database: one declarative base, portable types, engines for SQLite, PostgreSQL and MariaDB."""

import threading
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import uuid_utils
from sqlalchemy import DateTime, Dialect, Engine, MetaData, String, Text, create_engine, event
from sqlalchemy.dialects.mysql import DATETIME, MEDIUMTEXT
from sqlalchemy.exc import DisconnectionError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

from core_api.kit.crypto import Keyring

Sessions = sessionmaker[Session]
LongText = Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")
"""Text that may pass MariaDB's 64 kB."""
EXACT_COLLATION = "utf8mb4_bin"

SQLITE_BUSY_TIMEOUT_MS = 15_000
TURN = "writes"
POOL_SIZE = 20
POOL_OVERFLOW = 10
POOL_TIMEOUT_SECONDS = 10
TRUSTED_SECONDS = 2.0
"""A connection used so recently is taken to live."""


class Base(DeclarativeBase):
    """Every table; constraint names are fixed so that migrations can name them on all databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime in Python, naive UTC in the database (MariaDB keeps no zone); microseconds kept."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:  # noqa: ANN401 - SQLAlchemy's own signature
        """MariaDB drops fractions of a second unless told."""
        if dialect.name in {"mysql", "mariadb"}:
            return dialect.type_descriptor(DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Raises ValueError for a naive datetime: which zone it meant cannot be known."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "naive datetime: times in the database are UTC and aware"
            raise ValueError(message)
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


def exact(length: int) -> String:
    """An identifier from outside: a1 and A1 are two, also on MariaDB, whose usual collation takes them for one."""
    return String(length).with_variant(String(length, collation=EXACT_COLLATION), "mysql", "mariadb")


def new_id() -> UUID:
    """A UUIDv7: sorts by time of making, so that keyset paging follows insertion."""
    return UUID(bytes=uuid_utils.uuid7().bytes)


def make_engine(url: str) -> Engine:
    """Makes an engine with this project's settings for the URL's database.

    SQLite: WAL, foreign keys, writers queue for SQLITE_BUSY_TIMEOUT_MS, every transaction begins IMMEDIATE (the busy
    timeout does not cover an upgrade from read to write). Servers: a bounded pool that gives up after
    POOL_TIMEOUT_SECONDS, so that overload becomes an error and not a queue.
    """
    if url.startswith("sqlite"):
        return _sqlite_engine(url)
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        isolation_level="READ COMMITTED",
    )
    _ask_rested_connections(engine)
    return engine


def make_sessions(engine: Engine, keyring: Keyring) -> Sessions:
    """Sessions that carry the keyring, so that repositories can seal and unseal fields."""
    return sessionmaker(engine, expire_on_commit=False, info={"keyring": keyring})


def _ask_rested_connections(engine: Engine) -> None:
    """Asks a connection that rested whether it still lives; to ask each time would be a journey per transaction."""

    @event.listens_for(engine, "checkin")
    def _checkin(_connection: Any, record: Any) -> None:  # noqa: ANN401 - DBAPI objects
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _checkout(connection: Any, record: Any, _proxy: Any) -> None:  # noqa: ANN401 - DBAPI objects
        rested = time.monotonic() - record.info.get("rests_since", time.monotonic())
        if rested < TRUSTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error


def add_once(session: Session, row: object) -> bool:
    """Adds a row; False, and the transaction goes on, when another one holds its unique place already."""
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        return False
    return True


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=POOL_SIZE,
        connect_args={"timeout": SQLITE_BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:  # noqa: ANN401 - DBAPI objects
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            f"busy_timeout={SQLITE_BUSY_TIMEOUT_MS}",
            "cache_size=-32000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    turn = threading.Lock()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's event signature
        if connection.get_execution_options().get("read_only", False):
            connection.exec_driver_sql("BEGIN")
            return
        # SQLite's own waiting sleeps up to a tenth of a second a time: writers of one process go in turn instead.
        if TURN not in connection.info and turn.acquire(timeout=SQLITE_BUSY_TIMEOUT_MS / 1000):
            connection.info[TURN] = True
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    @event.listens_for(engine, "checkin")
    def _checkin(_connection: Any, record: Any) -> None:  # noqa: ANN401 - DBAPI objects
        if record.info.pop(TURN, False):
            turn.release()

    return engine
