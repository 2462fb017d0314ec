"""One process at a time, over all machines of a database: for what is done once, such as making the schema."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

from core_api.kit.errors import Unavailable

WAIT_SECONDS = 300


@contextmanager
def alone(engine: Engine, name: str) -> Iterator[None]:
    """Holds the database server's own lock of that name, which ends with its connection. SQLite has none: no wait.

    Raises:
        Unavailable: Another held it for WAIT_SECONDS.
    """
    if engine.dialect.name == "sqlite":
        yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        _take(connection, name)
        try:
            yield
        finally:
            # Back in the pool the connection would hold it on.
            connection.invalidate()


def _take(connection: Connection, name: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": zlib.crc32(name.encode())})
        return
    taken = connection.scalar(text("SELECT GET_LOCK(:name, :seconds)"), {"name": name, "seconds": WAIT_SECONDS})
    if taken != 1:
        raise Unavailable("另一个进程正在初始化数据库，请稍后再试")
