"""The same promises on PostgreSQL and MariaDB, each in a database of this run's own."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Table, create_engine, make_url, text

from campaigns.attempts import service as attempts
from core_api.kit.clock import FixedClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Base, Sessions, make_engine, make_sessions, new_id
from tests.campaigns.test_dispatch import race
from tests.campaigns.world import World
from tests.servers import SERVERS

pytestmark = pytest.mark.db


@pytest.fixture(params=sorted(SERVERS))
def server_sessions(request: pytest.FixtureRequest, keyring: Keyring) -> Iterator[Sessions]:
    """A new database on the server, dropped at the end."""
    url = make_url(SERVERS[request.param])
    name = f"campaigns_{new_id().hex}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine = make_engine(url.set(database=name).render_as_string(hide_password=False))
    Base.metadata.create_all(engine, tables=_tables())
    yield make_sessions(engine, keyring)
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))
    admin.dispose()


def _tables() -> list[Table]:
    """The campaigns' own tables, the outbox, calls, and the calendar of holidays that the desk keeps."""
    homes = ("campaigns.", "core_api.kit.", "telephony.calls.", "assistant.desk.calendar.")
    ours = [m for m in Base.registry.mappers if m.class_.__module__.startswith(homes)]
    return [table for mapper in ours if isinstance(table := mapper.local_table, Table)]


class TestServers:
    @pytest.mark.covers("TX-6.2-1")
    def test_of_people_who_dial_one_patient_at_once_one_may(self, server_sessions: Sessions) -> None:
        patient_id, together = new_id(), threading.Barrier(6)

        def dial(_number: int) -> bool:
            together.wait()
            with server_sessions.begin() as session:
                return attempts.hold(session, new_id(), patient_id, "phone")

        with ThreadPoolExecutor(6) as people:
            assert sorted(people.map(dial, range(6))) == [False] * 5 + [True]

    @pytest.mark.covers("RC-OUT-02", "RC-OUT-03")
    def test_workers_racing_dial_nobody_twice(self, server_sessions: Sessions, clock: FixedClock) -> None:
        world = World(server_sessions, clock)
        world.configure(max_concurrent=100)
        world.record.add(30)
        world.record.add(5, phone="+8615499999999")
        world.campaign(max_concurrent=100)
        race(world, workers=4)
        assert set(world.dialler.dialled.values()) == {1}
        assert len(world.dialler.dialled) == 31

    @pytest.mark.covers("RC-OUT-05")
    def test_the_same_outcome_twenty_times_has_one_effect(self, server_sessions: Sessions, clock: FixedClock) -> None:
        world = World(server_sessions, clock)
        world.record.add()
        world.campaign()
        world.tick()
        world.end(world.dialler.orders[0].call_id, "completed", times=20, completed=True)
        assert len(world.record.planned_after) == 1
        assert world.target().state == "done"
