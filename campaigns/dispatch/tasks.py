"""Celery tasks: short, with ids only, harmless when run twice. What must not be lost is in the database."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from celery import Celery

from campaigns.dispatch.dialling import run_attempt
from campaigns.dispatch.planning import plan_campaigns
from campaigns.dispatch.reconcile import sweep
from campaigns.dispatch.runtime import CampaignRuntime
from campaigns.dispatch.service import dispatch
from core_api.kit.outbox import Handler, handle_pending

DISPATCH_TICK = "campaigns.dispatch_tick"
RUN_ATTEMPT = "campaigns.run_attempt"
HANDLE_OUTBOX = "campaigns.handle_outbox"
SWEEP = "campaigns.sweep"
PLAN = "campaigns.plan"
OUTBOX_BATCH = 200
TICK_EXPIRES_SECONDS = 10

Handlers = Mapping[str, Sequence[Handler]]


def make_celery(broker_url: str) -> Celery:
    """A Celery application; `memory://` for one process, Redis or RabbitMQ for many.

    Results are not kept, messages are acknowledged early: a lost or doubled task changes nothing.
    """
    app = Celery("huifang", broker=broker_url, set_as_current=False)
    app.conf.update(
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        broker_connection_retry_on_startup=True,
        task_default_queue="huifang",
        timezone="UTC",
        enable_utc=True,
    )
    return app


def register_tasks(app: Celery, runtime: CampaignRuntime, handlers: Handlers) -> None:
    """Registers the tasks.

    Args:
        app: From `make_celery`.
        runtime: What they work with.
        handlers: Outbox handlers of all packages by event name, the campaigns' own among them.
    """

    def plan() -> int:
        return plan_campaigns(runtime)

    def dispatch_tick() -> int:
        return wake(app, runtime)

    def sweep_leases() -> int:
        lost = sweep(runtime)
        _send(app, lost)
        return len(lost)

    def run_one(attempt_id: str) -> str:
        return run_attempt(runtime, UUID(attempt_id))

    def handle_outbox() -> int:
        return handle_pending(runtime.sessions, handlers, runtime.clock, OUTBOX_BATCH)

    app.task(name=PLAN, shared=False)(plan)
    app.task(name=DISPATCH_TICK, shared=False)(dispatch_tick)
    app.task(name=SWEEP, shared=False)(sweep_leases)
    app.task(name=RUN_ATTEMPT, shared=False)(run_one)
    app.task(name=HANDLE_OUTBOX, shared=False)(handle_outbox)


def wake(app: Celery, runtime: CampaignRuntime) -> int:
    """Chooses who is called next and puts their attempts on the queue.

    Returns:
        Attempts chosen; should their tasks be lost, the sweep wakes them again.
    """
    due = dispatch(runtime)
    _send(app, due)
    return len(due)


def _send(app: Celery, attempt_ids: Sequence[UUID]) -> None:
    for attempt_id in attempt_ids:
        app.send_task(RUN_ATTEMPT, args=(str(attempt_id),))
