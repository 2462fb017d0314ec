"""Live pages: one task per process tails the outbox and hands each event to the sockets that asked for its topics."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from sqlalchemy.orm import Session

from core_api.kit.faults import described
from core_api.kit.follow import Follower
from core_api.kit.outbox import Event
from core_api.kit.sockets import FORBIDDEN, UNAUTHENTICATED, from_elsewhere, user_of
from core_api.kit.web import Runtime

log = logging.getLogger(__name__)

POLL_SECONDS = 0.3
# What committed just before somebody began to listen may be missing in the page that they loaded.
LOOK_BACK = timedelta(seconds=10)
MAX_QUEUE = 1_000
RECHECK_SECONDS = 60.0
TOO_SLOW = 4408
SUBJECTS = ("campaign", "call", "conversation", "patient", "case")
PERMISSIONS = {
    "campaign": "campaigns.read",
    "call": "calls.read",
    "conversation": "conversations.read",
    "patient": "patients.read",
    "alerts": "alerts.read",
    "calls": "calls.read",
    "tasks": "tasks.read",
    "campaigns": "campaigns.read",
    "rechecks": "rechecks.read",
    "case": "desk.read",
    "cases": "desk.read",
    "alarms": "desk.read",
    "agents": "desk.read",
    "conversations": "desk.read",
    "messages": "desk.read",
    "knowledges": "knowledge.read",
}

Message = dict[str, Any]
Enrich = Callable[[Session, Event], Message]
"""Adds to an event what the outbox may not hold (a message's text), for sockets that may see it."""

router = APIRouter()


class LiveFeed:
    """Fans events of the outbox out to subscribers."""

    def __init__(self, runtime: Runtime, enrich: Mapping[str, Enrich] | None = None) -> None:
        self._runtime = runtime
        self._enrich = dict(enrich or {})
        self._subscribers: dict[asyncio.Queue[Message | None], frozenset[str]] = {}

    async def run(self) -> None:
        """Polls while anybody listens; a database that fails for a moment is asked again."""
        follower: Follower | None = None
        since = self._runtime.clock.now()
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if not self._subscribers:
                follower, since = None, self._runtime.clock.now()
                continue
            follower = follower or Follower()
            try:
                messages = await asyncio.to_thread(self.poll, follower, since - LOOK_BACK)
            except Exception as error:  # noqa: BLE001 - the feed goes on whatever one round meets
                log.error("live feed could not read the outbox", extra={"error": described(error)})  # noqa: TRY400
                continue
            for topics, message in messages:
                self._deliver(topics, message)

    def poll(self, follower: Follower, since: datetime) -> list[tuple[frozenset[str], Message]]:
        """The events that a follower has not seen yet, but for those made before a moment."""
        with self._runtime.sessions() as session:
            session.connection(execution_options={"read_only": True})
            fresh = [event for event in follower.poll(session, self._runtime.clock.now()) if event.created_at >= since]
            return [self._message(session, event) for event in fresh]

    @contextlib.asynccontextmanager
    async def subscription(self, topics: frozenset[str]) -> AsyncIterator[asyncio.Queue[Message | None]]:
        """A queue that receives the topics' events; None in it means that its reader was too slow."""
        queue: asyncio.Queue[Message | None] = asyncio.Queue(MAX_QUEUE)
        self._subscribers[queue] = topics
        try:
            yield queue
        finally:
            self._subscribers.pop(queue, None)

    def _message(self, session: Session, event: Event) -> tuple[frozenset[str], Message]:
        data = dict(event.data)
        if event.name in self._enrich:
            data |= self._enrich[event.name](session, event)
        kind = event.name.split(".", 1)[0]
        if kind in SUBJECTS and event.subject_id is not None:
            data.setdefault(f"{kind}_id", str(event.subject_id))
        topics = {f"{subject}:{data[f'{subject}_id']}" for subject in SUBJECTS if data.get(f"{subject}_id")}
        message = {"name": event.name, "data": data, "at": event.created_at.isoformat()}
        return frozenset({*topics, f"{kind}s"}), message

    def _deliver(self, topics: frozenset[str], message: Message) -> None:
        for queue, wanted in list(self._subscribers.items()):
            for topic in sorted(wanted & topics):
                if queue.full():
                    self._subscribers.pop(queue)
                    queue.get_nowait()
                    queue.put_nowait(None)
                    break
                queue.put_nowait({"topic": topic, **message})


@router.websocket("/api/live")
async def live(socket: WebSocket, topics: str = "") -> None:
    """Sends {topic, name, data, at} for each event of the topics, e.g. `?topics=campaign:ID,alerts`."""
    wanted = frozenset(topic for topic in topics.split(",") if topic)
    refusal = FORBIDDEN if from_elsewhere(socket) else await asyncio.to_thread(_refusal, socket, wanted)
    await socket.accept()
    if refusal:
        await socket.close(refusal)
        return
    feed: LiveFeed = socket.app.state.live
    async with feed.subscription(wanted) as queue:
        sender = asyncio.create_task(_send(socket, queue, wanted))
        try:
            await _drain(socket)
        finally:
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
                await sender


async def _send(socket: WebSocket, queue: asyncio.Queue[Message | None], wanted: frozenset[str]) -> None:
    """Sends until the reader is too slow or its session ends."""
    while True:
        try:
            message = await asyncio.wait_for(queue.get(), RECHECK_SECONDS)
        except TimeoutError:
            refusal = await asyncio.to_thread(_refusal, socket, wanted)
            if refusal:
                await socket.close(refusal)
                return
            continue
        if message is None:
            await socket.close(TOO_SLOW)
            return
        await socket.send_json(message)


async def _drain(socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await socket.receive_text()


def _refusal(socket: WebSocket, wanted: frozenset[str]) -> int | None:
    user = user_of(socket)
    if user is None:
        return UNAUTHENTICATED
    needed = {PERMISSIONS.get(topic.split(":", 1)[0], "") for topic in wanted}
    return None if needed <= user.permissions else FORBIDDEN
