"""The processes that carry the whole product: `web`, `worker`, `beat`."""

import asyncio

from fastapi import FastAPI

from core_api.kit.outbox import handle_pending
from huifang import background, http_server, lifetime, store, wiring
from huifang.app import create_app
from huifang.composition import Composition
from huifang.settings import Settings
from telephony import api as telephony

GOODBYE_SECONDS = 8.0
OUTBOX_BATCH = 500


def web() -> None:
    """`huifang web`."""
    lifetime.end_with_parent()
    settings = Settings()
    with store.opened(settings) as runtime:
        app = create_app(wiring.compose(settings, runtime))
        http_server.serve(app, settings.web_host, settings.web_port, lambda: drain(app))


def worker() -> None:
    """`huifang worker`."""
    lifetime.end_with_parent()
    settings = Settings()
    with store.opened(settings) as runtime:
        celery = background.make_celery(wiring.compose(settings, runtime))
        celery.Worker(pool="threads", concurrency=settings.worker_threads, loglevel=settings.log_level).start()


def beat() -> None:
    """`huifang beat`."""
    lifetime.end_with_parent()
    settings = Settings()
    with store.opened(settings) as runtime:
        composition = wiring.compose(settings, runtime)
        background.wake_forever(background.make_celery(composition), composition.recurring)


async def drain(app: FastAPI) -> None:
    """Comes to rest while still serving: no new calls, good-bye to those on the line, and their ends written down."""
    composition: Composition = app.state.composition
    alone = composition.settings.runs_worker_in_process
    if app.state.worker is not None:
        await asyncio.to_thread(app.state.worker.stop)
    await telephony.wind_down(app.state.telephony, within_seconds=GOODBYE_SECONDS, cancel_unanswered=alone)
    if alone:
        await asyncio.to_thread(_settle, composition)


def _settle(composition: Composition) -> None:
    """Handles what the last calls told, which nobody else would before the next start."""
    runtime = composition.runtime
    while handle_pending(runtime.sessions, composition.handlers, runtime.clock, OUTBOX_BATCH):
        pass
