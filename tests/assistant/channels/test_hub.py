"""Delivery to sockets: a slow one is let go and holds nobody up."""

import asyncio
import json
from pathlib import Path

import pytest

from assistant.channels.web import service, talk
from assistant.channels.web.hub import TOO_SLOW, ChatHub
from assistant.channels.web.schemas import MessageIn, Visitor
from assistant.channels.web.subscriber import Subscriber
from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions
from tests.assistant.channels.kit import ChatWorld


class FakeSocket:
    """A socket that takes frames, or never takes one."""

    def __init__(self, *, stuck: bool = False) -> None:
        self.stuck = stuck
        self.frames: list[dict[str, object]] = []
        self.closed_with: int | None = None

    async def send_text(self, text: str) -> None:
        if self.stuck:
            await asyncio.Event().wait()
        self.frames.append(json.loads(text))

    async def close(self, code: int) -> None:
        self.closed_with = code

    def seqs(self) -> list[int]:
        return [frame["message"]["seq"] for frame in self.frames if frame["type"] == "message"]  # type: ignore[index]


@pytest.fixture
def world(sessions: Sessions, clock: FixedClock, tmp_path: Path) -> ChatWorld:
    return ChatWorld(sessions, clock, tmp_path)


def visitor_of(world: ChatWorld) -> Visitor:
    with world.sessions.begin() as session:
        return service.begin(session, "h5", "仁和医院", world.clock)[0]


def join(hub: ChatHub, visitor: Visitor, socket: FakeSocket) -> Subscriber:
    one = Subscriber(socket, visitor, 0)  # type: ignore[arg-type]
    assert hub.add(one)
    hub.free(one)
    return one


async def until(ready: object, seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not ready():  # type: ignore[operator]  # noqa: ASYNC110 - the hub tells nobody that it is done
            await asyncio.sleep(0.02)


class TestHub:
    async def test_a_socket_that_does_not_read_is_closed_and_the_others_go_on(self, world: ChatWorld) -> None:
        hub, visitor = ChatHub(world.chat, send_seconds=0.3), visitor_of(world)
        slow, quick = FakeSocket(stuck=True), FakeSocket()
        join(hub, visitor, slow)
        join(hub, visitor, quick)
        await until(lambda: slow.closed_with == TOO_SLOW and quick.seqs() == [1])
        assert hub.sockets == 1
        hub.close()

    async def test_what_came_while_a_socket_was_busy_follows_in_order(self, world: ChatWorld) -> None:
        hub, visitor = ChatHub(world.chat), visitor_of(world)
        socket = FakeSocket()
        one = Subscriber(socket, visitor, 0)  # type: ignore[arg-type]
        hub.add(one)
        for number in range(3):
            sent = MessageIn(client_id=f"m{number}", text="停车场怎么走")
            await hub.run(lambda sent=sent: talk.reply(world.chat, *talk.accept(world.chat, visitor, sent)))  # type: ignore[misc]
            hub.poke(visitor.conversation_id)
        assert socket.seqs() == []
        hub.free(one)
        await until(lambda: len(socket.seqs()) == 7)
        assert socket.seqs() == [1, 2, 3, 4, 5, 6, 7]
        hub.close()

    async def test_nobody_gets_what_belongs_to_another(self, world: ChatWorld) -> None:
        hub = ChatHub(world.chat)
        ours, theirs = visitor_of(world), visitor_of(world)
        mine, other = FakeSocket(), FakeSocket()
        join(hub, ours, mine)
        join(hub, theirs, other)
        sent = MessageIn(client_id="a", text="停车场怎么走")
        await hub.run(lambda: talk.reply(world.chat, *talk.accept(world.chat, ours, sent)))
        hub.poke(ours.conversation_id)
        await until(lambda: mine.seqs() == [1, 2, 3] and other.seqs() == [1])
        assert hub.sockets == 2
        hub.close()
