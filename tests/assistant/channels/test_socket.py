"""The patient's chat over a WebSocket."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from starlette.testclient import WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from assistant.conversations import service as conversations
from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions
from tests.assistant.channels.kit import ChatWorld, Person

SOCKET = "/api/chat/socket"


@pytest.fixture
def world(sessions: Sessions, clock: FixedClock, tmp_path: Path) -> ChatWorld:
    return ChatWorld(sessions, clock, tmp_path)


@pytest.fixture
def person(world: ChatWorld) -> Iterator[Person]:
    with world.client() as http:
        someone = Person(http)
        someone.arrive()
        yield someone


def hello(socket: WebSocketTestSession, person: Person, after: int = 0) -> dict[str, Any]:
    socket.send_json({"type": "hello", "token": person.token, "after": after})
    return dict(socket.receive_json())


def until(socket: WebSocketTestSession, seq: int) -> list[dict[str, Any]]:
    """Frames up to and with the message of a number."""
    frames: list[dict[str, Any]] = []
    while not frames or frames[-1].get("type") != "message" or frames[-1]["message"]["seq"] < seq:
        frames.append(socket.receive_json())
    return frames


def seqs(frames: list[dict[str, Any]]) -> list[int]:
    return [frame["message"]["seq"] for frame in frames if frame["type"] == "message"]


class TestSocket:
    def test_greets_with_what_was_missed(self, person: Person) -> None:
        person.say("停车场怎么走")
        with person.http.websocket_connect(SOCKET) as socket:
            welcome = hello(socket, person, after=1)
        assert [message["seq"] for message in welcome["messages"]] == [2, 3]
        assert welcome["conversation"]["last_seq"] == 3

    def test_takes_messages_and_brings_the_answer(self, person: Person) -> None:
        with person.http.websocket_connect(SOCKET) as socket:
            hello(socket, person)
            socket.send_json({"type": "send", "client_id": "a", "text": "停车场怎么走"})
            frames = until(socket, 3)
        assert frames[0]["type"] == "accepted"
        assert frames[0]["client_id"] == "a"
        assert seqs(frames) == [2, 3]

    def test_a_reconnect_loses_and_doubles_nothing(self, person: Person) -> None:
        with person.http.websocket_connect(SOCKET) as socket:
            hello(socket, person)
            socket.send_json({"type": "send", "client_id": "a", "text": "停车场怎么走"})
            until(socket, 3)
        person.say("冷冻费怎么交", client_id="b")
        with person.http.websocket_connect(SOCKET) as socket:
            assert [message["seq"] for message in hello(socket, person, after=3)["messages"]] == [4, 5]
            for client_id in ("b", "a"):
                socket.send_json({"type": "send", "client_id": client_id, "text": "停车场怎么走"})
                assert socket.receive_json()["type"] == "accepted"
            socket.send_json({"type": "ping"})
            assert socket.receive_json() == {"type": "pong"}
        assert len(person.get("/messages").json()["items"]) == 5

    def test_brings_what_another_process_wrote(self, person: Person, sessions: Sessions, clock: FixedClock) -> None:
        nurse, conversation_id = uuid4(), UUID(person.conversation_id)
        with person.http.websocket_connect(SOCKET) as socket:
            hello(socket, person)
            # The follower has found the outbox's end once a message came through.
            socket.send_json({"type": "send", "client_id": "a", "text": "你好"})
            until(socket, 3)
            with sessions.begin() as session:
                epoch = conversations.take_over(session, conversation_id, nurse, 0, clock).epoch
                conversations.staff_message(session, conversation_id, nurse, "我是护士", "s1", epoch, clock)
            frames = until(socket, 4)
        assert frames[-1]["message"]["text"] == "我是护士"

    def test_one_socket_sees_what_another_wrote(self, person: Person) -> None:
        with person.http.websocket_connect(SOCKET) as first, person.http.websocket_connect(SOCKET) as second:
            hello(first, person)
            hello(second, person)
            first.send_json({"type": "send", "client_id": "a", "text": "停车场怎么走"})
            assert seqs(until(second, 3)) == [2, 3]

    @pytest.mark.parametrize(
        ("frame", "code"),
        [
            ({"type": "hello", "token": "unknown"}, 4401),
            ({"type": "send", "client_id": "a", "text": "你好"}, 4400),
            ({"type": "nonsense"}, 4400),
        ],
    )
    def test_refuses_who_does_not_say_hello(self, person: Person, frame: dict[str, str], code: int) -> None:
        with person.http.websocket_connect(SOCKET) as socket:
            socket.send_json(frame)
            with pytest.raises(WebSocketDisconnect) as closed:
                socket.receive_json()
        assert closed.value.code == code

    def test_says_what_is_wrong_with_a_message_and_stays_open(self, person: Person) -> None:
        with person.http.websocket_connect(SOCKET) as socket:
            hello(socket, person)
            socket.send_json({"type": "send", "client_id": "a", "text": "长" * 100_000})
            refused = socket.receive_json()
            assert (refused["type"], refused["code"], refused["client_id"]) == ("error", "too_long", "a")
            socket.send_json({"type": "ping"})
            assert socket.receive_json() == {"type": "pong"}

    def test_refuses_more_sockets_than_one_person_has(self, person: Person, world: ChatWorld) -> None:
        with ExitStack() as stack:
            opened = [stack.enter_context(person.http.websocket_connect(SOCKET)) for _ in range(9)]
            for socket in opened[:8]:
                hello(socket, person)
            assert world.hub.sockets == 8
            opened[8].send_json({"type": "hello", "token": person.token})
            with pytest.raises(WebSocketDisconnect) as closed:
                opened[8].receive_json()
        assert closed.value.code == 4409
