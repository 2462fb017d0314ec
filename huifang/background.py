"""Background work: the Celery application, its tasks, the in-process worker and the clock that wakes them.

Celery only wakes and distributes. A task is short, carries ids and is harmless when it runs twice; what is due lies in
the database, so that losing the broker loses nothing.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from celery import Celery
from celery.worker import state

from core_api.kit.outbox import handle_pending
from core_api.kit.web import Runtime
from huifang.composition import Composition
from huifang.settings import Settings

log = logging.getLogger(__name__)

OUTBOX_TASK = "huifang.handle_outbox"
TICK_TASK = "huifang.dispatch_campaigns"
DAILY_TASK = "huifang.plan_day"
EVERY_TICK = (OUTBOX_TASK, TICK_TASK)
DAY_SECONDS = 86_400.0
STOP_SECONDS = 10.0
OUTBOX_BATCH = 200
VISIBILITY_TIMEOUT_SECONDS = 600


def make_celery(settings: Settings, composition: Composition) -> Celery:
    """The Celery application with every task registered."""
    app = Celery("huifang", broker=settings.broker_url)
    app.conf.update(
        task_ignore_result=True,
        task_acks_late=True,
        task_default_queue="huifang",
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={"visibility_timeout": VISIBILITY_TIMEOUT_SECONDS},
        beat_schedule={
            **{name: {"task": name, "schedule": settings.tick_seconds} for name in EVERY_TICK},
            DAILY_TASK: {"task": DAILY_TASK, "schedule": DAY_SECONDS},
        },
    )
    runtime = composition.runtime
    _register(app, OUTBOX_TASK, lambda: _drain_outbox(runtime, composition))
    _register(app, TICK_TASK, composition.tick)
    _register(app, DAILY_TASK, composition.plan_all)
    composition.register_tasks(app)
    return app


def _drain_outbox(runtime: Runtime, composition: Composition) -> None:
    while handle_pending(runtime.sessions, composition.handlers, runtime.clock, OUTBOX_BATCH) == OUTBOX_BATCH:
        pass


def _register(app: Celery, name: str, work: Callable[[], object]) -> None:
    """Registers a task of which one process runs one at a time; a second wake-up meanwhile is dropped."""
    busy = threading.Lock()

    def run() -> None:
        if not busy.acquire(blocking=False):
            return
        try:
            work()
        finally:
            busy.release()

    app.task(name=name)(run)


@contextmanager
def worker_in_process(app: Celery, threads: int) -> Iterator[None]:
    """Runs a worker in a thread of this process until the context ends."""
    state.should_stop = None
    worker = app.Worker(
        pool="threads",
        concurrency=threads,
        without_heartbeat=True,
        without_gossip=True,
        without_mingle=True,
        quiet=True,
        loglevel="WARNING",
    )
    thread = threading.Thread(target=worker.start, name="celery-worker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join(STOP_SECONDS)


@contextmanager
def ticker(app: Celery, tick_seconds: float) -> Iterator[None]:
    """Wakes the tasks in time, as `beat` does for separate workers."""
    ended = threading.Event()
    thread = threading.Thread(target=_tick, args=(app, tick_seconds, ended), name="ticker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(STOP_SECONDS)


def _tick(app: Celery, tick_seconds: float, ended: threading.Event) -> None:
    ticks_per_day = max(1, round(DAY_SECONDS / tick_seconds))
    count = 0
    while not ended.wait(tick_seconds):
        names = EVERY_TICK if count % ticks_per_day else (*EVERY_TICK, DAILY_TASK)
        count += 1
        for name in names:
            # A wake-up that nobody took within a few ticks is worth nothing any more.
            app.send_task(name, expires=tick_seconds * 5)
