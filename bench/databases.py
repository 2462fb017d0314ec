"""PostgreSQL and Redis for benchmarks: the servers that HUIFANG_TEST_* name, else servers of this run's own."""

import contextlib
from collections.abc import Iterator

from sqlalchemy import create_engine, make_url, text

from core_api.kit.db import new_id
from tools import services

NEEDED = ("PostgreSQL", "Redis")


def started(until_end: contextlib.ExitStack) -> tuple[str, str]:
    """URLs of PostgreSQL (writing through to the disk, as in service) and Redis.

    Raises:
        RuntimeError: One of them is absent.
    """
    urls, absent = services.start_all(until_end, NEEDED, durable=True)
    if absent:
        raise RuntimeError(f"absent: {', '.join(absent)}")
    return urls[services.URL_VARIABLES["PostgreSQL"]], urls[services.URL_VARIABLES["Redis"]]


@contextlib.contextmanager
def database(server: str) -> Iterator[str]:
    """A new database on a PostgreSQL server, dropped at the end."""
    url = make_url(server)
    name = f"bench_{new_id().hex}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()
