"""Background work: the Celery application with every task, its worker in process, and what wakes the tasks.

Celery only wakes and distributes; what is due lies in the database, so that losing the broker loses nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from celery import Celery

from campaigns import api as campaigns
from core_api.plans import service as plans
from huifang.composition import Composition

PLAN_TASK = "huifang.plan_all"
PLAN_EVERY_SECONDS = 3600.0


def make_celery(composition: Composition) -> Celery:
    """The Celery application with every task registered."""
    runtime = composition.runtime
    app = campaigns.make_celery(composition.settings.broker_url)
    campaigns.register_tasks(app, composition.campaigns, composition.handlers)

    def plan_all() -> None:
        plans.sync_all(runtime.sessions, runtime.clock, runtime.zone)

    app.task(name=PLAN_TASK)(plan_all)
    return app


@contextmanager
def in_process(app: Celery, threads: int) -> Iterator[campaigns.Running]:
    """Worker and tickers in this process until the context ends."""
    planner = campaigns.Ticker(app, {PLAN_TASK: PLAN_EVERY_SECONDS}).start()
    running = campaigns.start_in_process(app, threads)
    try:
        yield running
    finally:
        planner.stop()
        running.stop()


def wake_forever(app: Celery) -> None:
    """Sends the recurring tasks until the process ends; several such processes are harmless."""
    campaigns.Ticker(app, {PLAN_TASK: PLAN_EVERY_SECONDS}).start()
    campaigns.Ticker(app).run_forever()
