"""Live delivery to chat sockets: the database is the queue, a socket only remembers how far it was sent.

A conversation that changed is marked; one pump reads what its sockets have not seen and sends it. A socket that is
still busy with the last batch is left alone and looked at again when done, so that a slow one holds at most a batch.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar
from uuid import UUID

from starlette.websockets import WebSocketDisconnect

from assistant.channels.web import views
from assistant.channels.web.subscriber import Subscriber, message_frame
from assistant.channels.web.talk import WebChat
from assistant.conversations import service as conversations
from core_api.kit.follow import Follower

log = logging.getLogger(__name__)

T = TypeVar("T")

POLL_SECONDS = 0.3
SEND_SECONDS = 10.0
SILENT_SECONDS = 75.0
SWEEP_SECONDS = 15.0
BATCH = 500
WORKERS = 12
SOCKETS_PER_VISITOR = 8
BAD_FRAME, TOKEN_DEAD, TOO_SLOW, TOO_MANY = 4400, 4401, 4408, 4409
FOLLOWED = frozenset({"message.added", "conversation.changed"})


class ChatHub:
    """Every chat socket of this process."""

    def __init__(self, chat: WebChat, send_seconds: float = SEND_SECONDS) -> None:
        self.chat = chat
        self._send_seconds = send_seconds
        self._by_conversation: dict[UUID, list[Subscriber]] = {}
        self._dirty: set[UUID] = set()
        self._wake: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._pool = ThreadPoolExecutor(WORKERS, "huifang-chat")

    @property
    def sockets(self) -> int:
        """How many sockets are open."""
        return sum(len(ones) for ones in self._by_conversation.values())

    async def run(self, work: Callable[[], T]) -> T:
        """Runs blocking work in the chat's own threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def add(self, one: Subscriber) -> bool:
        """Takes a socket in; refuses when its conversation has too many."""
        ones = self._by_conversation.setdefault(one.visitor.conversation_id, [])
        if len(ones) >= SOCKETS_PER_VISITOR:
            return False
        ones.append(one)
        self._start()
        return True

    def remove(self, one: Subscriber) -> None:
        """Forgets a socket."""
        ones = self._by_conversation.get(one.visitor.conversation_id, [])
        if one in ones:
            ones.remove(one)
        if not ones:
            self._by_conversation.pop(one.visitor.conversation_id, None)

    def poke(self, conversation_id: UUID) -> None:
        """Something happened in a conversation; its sockets here are told."""
        if conversation_id in self._by_conversation and self._wake is not None:
            self._dirty.add(conversation_id)
            self._wake.set()

    def poke_from_thread(self, conversation_id: UUID) -> None:
        """As `poke`, from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.poke, conversation_id)

    def free(self, one: Subscriber) -> None:
        """A socket has sent what it had; what came meanwhile is next."""
        one.busy = False
        self.poke(one.visitor.conversation_id)

    def close(self) -> None:
        """Ends its tasks and threads."""
        if self._loop is not None and not self._loop.is_closed():
            for task in tuple(self._tasks):
                self._loop.call_soon_threadsafe(task.cancel)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _start(self) -> None:
        """The hub's own tasks live as long as the process; they start with the first socket."""
        if self._loop is not None:
            return
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        for work in (self._pump, self._follow, self._sweep):
            task = self._loop.create_task(work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self) -> None:
        while self._wake is not None:
            await self._wake.wait()
            self._wake.clear()
            wanted, self._dirty = self._dirty, set()
            idle = [one for key in wanted for one in self._by_conversation.get(key, ()) if not one.busy]
            if not idle:
                continue
            try:
                fresh = await self.run(partial(self._read, idle))
            except Exception:
                log.exception("chat messages could not be read")
                self._dirty |= wanted
                await asyncio.sleep(POLL_SECONDS)
                self._wake.set()
                continue
            for one, frames in fresh:
                self._send_soon(one, frames)

    def _read(self, ones: list[Subscriber]) -> list[tuple[Subscriber, list[str]]]:
        """What each idle socket has not seen, as text frames, and how far that brings it."""
        marks: dict[UUID, int] = {}
        for one in ones:
            key = one.visitor.conversation_id
            marks[key] = min(marks.get(key, one.sent_seq), one.sent_seq)
        with self.chat.sessions() as session:
            session.connection(execution_options={"read_only": True})
            kept = conversations.after_marks(session, marks, BATCH)
            visible = views.shown(kept)
            shown = views.messages(session, visible)
            standing = conversations.conversations_of(session, list(marks))
            clock = self.chat.assistant.clock
            known = [(one, standing.get(one.visitor.conversation_id)) for one in ones]
            states = [views.of(session, one.visitor, found, clock) if found else None for one, found in known]
        texts: dict[UUID, list[tuple[int, str]]] = {}
        for row, message in zip(visible, shown, strict=True):
            texts.setdefault(row.conversation_id, []).append((message.seq, message_frame(message)))
        if len(kept) == BATCH:
            for key in marks:
                self.poke_from_thread(key)
        fresh = [
            (one, one.news(texts.get(one.visitor.conversation_id, []), state))
            for one, state in zip(ones, states, strict=True)
        ]
        return [(one, frames) for one, frames in fresh if frames]

    def _send_soon(self, one: Subscriber, frames: list[str]) -> None:
        one.busy = True
        task = asyncio.get_running_loop().create_task(self._send(one, frames))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, one: Subscriber, frames: list[str]) -> None:
        try:
            async with asyncio.timeout(self._send_seconds):
                for text in frames:
                    await one.socket.send_text(text)
        except (WebSocketDisconnect, RuntimeError):
            self.remove(one)
        except TimeoutError:
            await self._drop(one)
        else:
            self.free(one)

    async def _drop(self, one: Subscriber) -> None:
        """Gives up on a socket that is silent or does not read; the page comes back with its mark."""
        self.remove(one)
        try:
            async with asyncio.timeout(self._send_seconds):
                await one.socket.close(TOO_SLOW)
        except (WebSocketDisconnect, RuntimeError, TimeoutError):
            return

    async def _follow(self) -> None:
        """What other processes wrote comes to this one by the outbox."""
        follower = Follower()
        while True:
            try:
                changed = await self.run(lambda: self._changed(follower))
            except Exception:
                log.exception("chat could not follow the outbox")
                changed = set()
            for conversation_id in changed:
                self.poke(conversation_id)
            await asyncio.sleep(POLL_SECONDS)

    def _changed(self, follower: Follower) -> set[UUID]:
        with self.chat.sessions() as session:
            session.connection(execution_options={"read_only": True})
            seen = follower.poll(session, self.chat.assistant.clock.now())
        return {event.subject_id for event in seen if event.name in FOLLOWED and event.subject_id is not None}

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            silent_since = time.monotonic() - SILENT_SECONDS
            for one in [one for ones in self._by_conversation.values() for one in ones if one.heard < silent_since]:
                await self._drop(one)
