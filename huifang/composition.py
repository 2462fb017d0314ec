"""The composition root: which slice's router, handler and task the process carries, and which vendors it talks to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from celery import Celery
from fastapi import APIRouter

from core_api.kit.outbox import Handler
from core_api.kit.web import Runtime
from huifang.live import Enrich
from huifang.settings import LocalSecrets, Settings


@dataclass(frozen=True)
class Composition:
    """Everything one process is made of.

    Attributes:
        routers: HTTP and WebSocket routes of every slice.
        handlers: Outbox handlers by event name.
        tick: One round of dispatch; called about once a second.
        plan_all: Brings every patient's tasks up to date; called daily.
        register_tasks: Adds the slices' own Celery tasks.
        enrich: What the live feed adds to an event.
        state: Values for `app.state`, by name.
        on_stop: Called at shutdown, in order.
    """

    settings: Settings
    runtime: Runtime
    secrets: LocalSecrets
    routers: Sequence[APIRouter]
    handlers: Mapping[str, Sequence[Handler]]
    tick: Callable[[], object]
    plan_all: Callable[[], object]
    register_tasks: Callable[[Celery], object]
    enrich: Mapping[str, Enrich] = field(default_factory=dict)
    state: Mapping[str, object] = field(default_factory=dict)
    on_stop: Sequence[Callable[[], object]] = ()
