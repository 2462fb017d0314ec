"""Celery only wakes: the same tasks in this process and on Redis."""

import time
from collections.abc import Callable, Iterator

import pytest
from celery import Celery

from campaigns.dispatch.tasks import RUN_ATTEMPT, make_celery, register_tasks
from campaigns.dispatch.worker import start_in_process
from tests.campaigns.world import World
from tests.servers import REDIS_URL

# The warning is about the account that runs the tests.
pytestmark = pytest.mark.filterwarnings("ignore::celery.exceptions.SecurityWarning")


@pytest.fixture(params=["memory://", pytest.param(REDIS_URL, marks=pytest.mark.db)], ids=["memory", "redis"])
def app(request: pytest.FixtureRequest, world: World) -> Iterator[Celery]:
    made = make_celery(request.param)
    register_tasks(made, world.runtime, world.runtime.outcomes.handlers())
    yield made
    made.control.purge()
    made.close()


class TestStartInProcess:
    def test_dials_everybody_once_and_stops(self, app: Celery, world: World) -> None:
        world.record.add(6)
        world.campaign()
        running = start_in_process(app)
        _wait(lambda: len(world.dialler.orders) == 6)
        for order in list(world.dialler.orders):
            app.send_task(RUN_ATTEMPT, args=(str(order.call_id),))
        assert running.alive
        running.stop()
        assert not running.alive
        assert set(world.dialler.dialled.values()) == {1}


def _wait(until: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "the worker did not get there"
        time.sleep(0.05)
