"""The worker in this process, and the ticker that puts the recurring tasks on the queue."""

import logging
import threading
from collections.abc import Mapping
from types import MappingProxyType

from celery import Celery
from kombu.exceptions import OperationalError

from campaigns.dispatch.tasks import DISPATCH_TICK, HANDLE_OUTBOX, PLAN, SWEEP, TICK_EXPIRES_SECONDS

log = logging.getLogger(__name__)

EVERY_SECONDS: Mapping[str, float] = MappingProxyType({HANDLE_OUTBOX: 0.5, DISPATCH_TICK: 1.0, PLAN: 2.0, SWEEP: 10.0})
POLL_SECONDS = 0.1
STOP_SECONDS = 15.0


class Ticker:
    """A thread that sends the recurring tasks; several side by side are harmless."""

    def __init__(self, app: Celery, every_seconds: Mapping[str, float] = EVERY_SECONDS) -> None:
        self._app = app
        self._every = every_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="huifang-ticker", daemon=True)

    def start(self) -> "Ticker":
        """Begins to tick."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ends the thread."""
        self._stop.set()
        self._thread.join(STOP_SECONDS)

    def run_forever(self) -> None:
        """Ticks in this thread until the process ends; for `huifang beat`."""
        self._run()

    def _run(self) -> None:
        waited = dict.fromkeys(self._every, 0.0)
        while not self._stop.wait(POLL_SECONDS):
            for name, seconds in self._every.items():
                waited[name] += POLL_SECONDS
                if waited[name] >= seconds:
                    waited[name] = 0.0
                    self._send(name)

    def _send(self, name: str) -> None:
        try:
            self._app.send_task(name, expires=TICK_EXPIRES_SECONDS)
        except (OperationalError, OSError):
            log.warning("broker absent, tick skipped", extra={"task": name})


class InProcessWorker:
    """A Celery worker with a pool of threads, in a thread of this process."""

    def __init__(self, app: Celery, threads: int) -> None:
        self._worker = app.Worker(
            pool="threads",
            concurrency=threads,
            without_heartbeat=True,
            without_gossip=True,
            without_mingle=True,
            loglevel="WARNING",
            quiet=True,
        )
        self._thread = threading.Thread(target=self._worker.start, name="huifang-worker", daemon=True)

    def start(self) -> "InProcessWorker":
        """Begins to take tasks."""
        self._thread.start()
        return self

    @property
    def alive(self) -> bool:
        """Whether it still takes tasks."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Lets running tasks end, then stops."""
        self._worker.stop()
        self._thread.join(STOP_SECONDS)


class Running:
    """Worker and ticker together."""

    def __init__(self, worker: InProcessWorker, ticker: Ticker) -> None:
        self._worker = worker
        self._ticker = ticker

    @property
    def alive(self) -> bool:
        """Whether tasks are taken; for the health page."""
        return self._worker.alive

    def stop(self) -> None:
        """Stops ticking, then working."""
        self._ticker.stop()
        self._worker.stop()


def start_in_process(app: Celery, threads: int = 4) -> Running:
    """Starts worker and ticker in this process; the same on `memory://` and on Redis."""
    return Running(InProcessWorker(app, threads).start(), Ticker(app).start())
