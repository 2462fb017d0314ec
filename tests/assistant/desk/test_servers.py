"""Claims, takeovers and round robin under concurrency, on SQLite, PostgreSQL and MariaDB."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from assistant.desk import assignment
from assistant.desk import service as desk
from assistant.desk.cases import service as cases
from assistant.desk.inbox import service as inbox
from assistant.desk.inbox.schemas import EpochIn
from core_api.kit.clock import FixedClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Base, Sessions, make_engine, make_sessions, new_id
from core_api.kit.errors import Conflict
from migrations import load_models
from tests.assistant.desk.world import World
from tests.servers import SERVERS

pytestmark = pytest.mark.db
THREADS = 6


@pytest.fixture(params=["sqlite", *sorted(SERVERS)])
def world(request: pytest.FixtureRequest, keyring: Keyring, clock: FixedClock, tmp_path: Path) -> Iterator[World]:
    """A desk with six nurses on duty, in a database of its own on each kind of server."""
    load_models()
    if request.param == "sqlite":
        engine = make_engine(f"sqlite:///{tmp_path / 'desk.db'}")
        Base.metadata.create_all(engine)
        yield _staffed(make_sessions(engine, keyring), clock)
        engine.dispose()
        return
    url, name = make_url(SERVERS[request.param]), f"desk_{new_id().hex}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine = make_engine(url.set(database=name).render_as_string(hide_password=False))
    Base.metadata.create_all(engine)
    yield _staffed(make_sessions(engine, keyring), clock)
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))
    admin.dispose()


def _staffed(sessions: Sessions, clock: FixedClock) -> World:
    made = World(sessions, clock)
    names = [f"nurse{number}" for number in range(THREADS)]
    for name in names:
        made.user(name, "nurse")
    made.queue("客服", members=names)
    for name in names:
        made.duty(name, "客服")
    return made


def _race(work: Callable[[int], object]) -> list[object]:
    """Runs the work in threads that begin together; returns what each returned or raised."""
    found: list[object] = [None] * THREADS
    barrier = threading.Barrier(THREADS)

    def run(number: int) -> None:
        barrier.wait()
        try:
            found[number] = work(number)
        except Conflict as refusal:
            found[number] = refusal

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


class TestConcurrently:
    def test_of_many_who_take_over_one_has_it(self, world: World) -> None:
        conversation_id, case_id = world.handoff()
        actors = [world.actor(f"nurse{number}") for number in range(THREADS)]

        def take(number: int) -> str:
            with world.sessions.begin() as session:
                inbox.take_over(session, conversation_id, EpochIn(expected_epoch=0), actors[number], world.clock)
            return actors[number].username

        won = [one for one in _race(take) if isinstance(one, str)]
        assert len(won) == 1
        assert world.case(case_id).assignee_id == world.users[won[0]]

    def test_a_case_is_given_to_one_person_and_turns_are_even(self, world: World) -> None:
        waiting = [world.handoff()[1] for _ in range(12)]
        world.accept(*world.users)

        def give(_number: int) -> int:
            done = 0
            for case_id in waiting:
                with world.sessions.begin() as session:
                    done += assignment.assign(session, cases.case(session, case_id), world.clock) is not None
            return done

        assert all(isinstance(one, int) for one in _race(give))
        world.tick()
        assert len(world.events("case.assigned")) == len(waiting)
        assert max(Counter(world.case(one).assignee_id for one in waiting).values()) <= 4

    def test_a_step_of_the_ladder_is_told_once(self, world: World) -> None:
        world.open_case(kind="red_flag", reason_text="患者提到胸痛")
        world.clock.advance(timedelta(minutes=4))
        _race(lambda _number: desk.tick(world.sessions, world.clock))
        steps = [(event["round"], event["ordinal"]) for event in world.events("alarm.raised")]
        assert sorted(steps) == sorted(set(steps))
        assert (1, 2) in steps

    def test_the_same_source_opens_one_case(self, world: World) -> None:
        source = new_id()
        opened = _race(lambda _number: world.open_case(source_id=source))
        assert len(set(opened)) == 1
        assert len(world.events("case.opened")) == 1
