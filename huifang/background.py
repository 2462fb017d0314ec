"""Background work: the Celery application with every task, its worker in process, and what wakes the tasks.

Celery only wakes and distributes; what is due lies in the database, so that losing the broker loses nothing.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType

from celery import Celery
from celery.signals import setup_logging

from assistant import api as assistant
from campaigns import api as campaigns
from core_api.kit.faults import described
from core_api.plans import service as plans
from huifang.composition import Composition, Recurring
from knowledge import api as knowledge

log = logging.getLogger(__name__)

PLAN_TASK = "huifang.plan_all"
DESK_TASK = "huifang.desk_tick"
TIDY_TASK = "huifang.tidy"
EXPIRY_TASK = "huifang.knowledge_expiry"
EVERY_SECONDS: Mapping[str, float] = MappingProxyType(
    {PLAN_TASK: 3600.0, DESK_TASK: 1.0, TIDY_TASK: 15.0, EXPIRY_TASK: 3600.0}
)


def make_celery(composition: Composition) -> Celery:
    """The Celery application with every task registered."""
    setup_logging.connect(_keep_our_logging)
    runtime = composition.runtime
    app = campaigns.make_celery(composition.settings.broker_url)
    campaigns.register_tasks(app, composition.campaigns, composition.handlers)

    def plan_all() -> None:
        plans.sync_all(runtime.sessions, runtime.clock, runtime.zone)

    def desk_tick() -> int:
        return assistant.desk_tick(runtime.sessions, runtime.clock)

    def tidy() -> None:
        for work in composition.tidy:
            _apart(work)

    def warn_expiring() -> None:
        with runtime.sessions.begin() as session:
            knowledge.warn_expiring(session, runtime.clock)

    app.task(name=PLAN_TASK, shared=False)(plan_all)
    app.task(name=DESK_TASK, shared=False)(desk_tick)
    app.task(name=TIDY_TASK, shared=False)(tidy)
    app.task(name=EXPIRY_TASK, shared=False)(warn_expiring)
    for recurring in composition.recurring:
        app.task(name=recurring.name, shared=False)(_named(recurring))
    return app


def _apart(work: Callable[[], object]) -> None:
    """One kind of tidying that fails keeps no other from it; the next round tries again."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 - the edge of one piece of work
        log.error("tidying failed", extra={"error": described(error)})  # noqa: TRY400 - see faults


def _named(recurring: Recurring) -> Callable[[], None]:
    """Celery writes a task's head out of its function's name, which a lambda does not have."""

    def work() -> None:
        recurring.work()

    return work


def _keep_our_logging(**_told: object) -> None:
    """Celery sets up no logging of its own, whose lines would carry a task's error as it is worded."""


@contextmanager
def in_process(app: Celery, threads: int, recurring: Sequence[Recurring] = ()) -> Iterator[campaigns.Running]:
    """Worker and tickers in this process until the context ends."""
    planner = campaigns.Ticker(app, _every_seconds(recurring)).start()
    running = campaigns.start_in_process(app, threads)
    try:
        yield running
    finally:
        planner.stop()
        running.stop()


def wake_forever(app: Celery, recurring: Sequence[Recurring] = ()) -> None:
    """Sends the recurring tasks until the process ends; several such processes are harmless."""
    campaigns.Ticker(app, _every_seconds(recurring)).start()
    campaigns.Ticker(app).run_forever()


def _every_seconds(recurring: Sequence[Recurring]) -> dict[str, float]:
    return dict(EVERY_SECONDS) | {one.name: one.every_seconds for one in recurring}
