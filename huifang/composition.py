"""What one process is made of: routes, handlers, runtimes; made by `wiring`, used by the app and the worker."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter

from campaigns.api import CampaignRuntime
from core_api.kit.outbox import Handler
from core_api.kit.web import Runtime
from huifang.live import Enrich
from huifang.settings import LocalSecrets, Settings


@dataclass(frozen=True)
class Recurring:
    """Work that is done again and again; several doing it at once are harmless."""

    name: str
    every_seconds: float
    work: Callable[[], object]


@dataclass(frozen=True)
class Composition:
    """Everything one process is made of.

    Attributes:
        routers: HTTP and WebSocket routes of every slice.
        handlers: Outbox handlers by event name.
        campaigns: What dispatching works with.
        on_start: Called when the process begins to serve, in a thread.
        on_stop: Called at shutdown.
        alongside: What runs on the event loop for as long as the web process serves.
        tidy: Called every few seconds by one worker or another: puts right what a killed process left behind.
        state: Values for `app.state`, by name.
        enrich: What the live feed adds to an event.
        recurring: What the worker does again and again.
    """

    settings: Settings
    runtime: Runtime
    secrets: LocalSecrets
    routers: Sequence[APIRouter]
    handlers: Mapping[str, Sequence[Handler]]
    campaigns: CampaignRuntime
    on_start: Sequence[Callable[[], object]] = ()
    on_stop: Sequence[Callable[[], object]] = ()
    alongside: Sequence[Callable[[], Coroutine[Any, Any, None]]] = ()
    tidy: Sequence[Callable[[], object]] = ()
    state: Mapping[str, object] = field(default_factory=dict)
    enrich: Mapping[str, Enrich] = field(default_factory=dict)
    recurring: Sequence[Recurring] = ()
