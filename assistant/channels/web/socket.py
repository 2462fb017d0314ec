"""The chat over a WebSocket: hello, what was missed, then messages as they come."""

import asyncio
import contextlib
import logging
import time
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from assistant.channels.web import talk
from assistant.channels.web.hub import BAD_FRAME, TOKEN_DEAD, TOO_MANY, ChatHub
from assistant.channels.web.schemas import CHOICE, CLIENT_ID, Limits, MessageIn
from assistant.channels.web.subscriber import Subscriber, dumped, mark_of
from assistant.channels.web.talk import CATCH_UP
from core_api.kit.errors import ServiceError, Unauthenticated

log = logging.getLogger(__name__)

HELLO_SECONDS = 10.0
WAITING_MAX = 5
FRAME_CHARS_MAX = 1_000_000
router = APIRouter()


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Hello(Frozen):
    type: Literal["hello"]
    token: str = Field(max_length=200)
    after: int = Field(default=0, ge=0)


class Send(Frozen):
    type: Literal["send"]
    client_id: str = CLIENT_ID
    text: str = ""
    choice: str | None = CHOICE


class Seen(Frozen):
    type: Literal["seen"]
    seq: int = Field(ge=0)


class Ping(Frozen):
    type: Literal["ping"]


Heard = TypeAdapter[Hello | Send | Seen | Ping](Annotated[Hello | Send | Seen | Ping, Field(discriminator="type")])


@router.websocket("/api/chat/socket")
async def chat_socket(socket: WebSocket) -> None:
    """Sends everything after the page's mark, then everything new; takes messages."""
    hub: ChatHub = socket.app.state.chat_hub
    await socket.accept()
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        one = await _greeted(hub, socket)
        if one is None:
            return
        try:
            await _Talker(hub, one).listen()
        finally:
            hub.remove(one)


async def _greeted(hub: ChatHub, socket: WebSocket) -> Subscriber | None:
    """Waits for the hello and answers it; None where the socket was refused and closed."""
    try:
        async with asyncio.timeout(HELLO_SECONDS):
            hello = _parsed(await _received(socket))
    except TimeoutError:
        hello = None
    if not isinstance(hello, Hello):
        await socket.close(BAD_FRAME)
        return None
    try:
        visitor = await hub.run(partial(talk.authenticate, hub.chat, hello.token))
    except Unauthenticated:
        await socket.close(TOKEN_DEAD)
        return None
    one = Subscriber(socket, visitor, hello.after)
    if not hub.add(one):
        await socket.close(TOO_MANY)
        return None
    try:
        await socket.send_text(await hub.run(partial(_welcome, hub, one)))
    except BaseException:
        hub.remove(one)
        raise
    hub.free(one)
    return one


def _welcome(hub: ChatHub, one: Subscriber) -> str:
    missed = talk.history(hub.chat, one.visitor, None, one.sent_seq, CATCH_UP)
    state = talk.conversation(hub.chat, one.visitor)
    one.standing = mark_of(state)
    one.sent_seq = max([one.sent_seq, *(message.seq for message in missed.items)])
    return dumped(
        {
            "type": "welcome",
            "conversation": state.model_dump(mode="json"),
            "messages": [message.model_dump(mode="json") for message in missed.items],
            "more": missed.more,
            "limits": Limits().model_dump(),
        }
    )


class _Talker:
    """Takes a socket's frames one after another; messages are answered in their order, a few may wait."""

    __slots__ = ("_hub", "_one", "_waiting", "_worker")

    def __init__(self, hub: ChatHub, one: Subscriber) -> None:
        self._hub = hub
        self._one = one
        self._waiting: list[Send] = []
        self._worker: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        """Until the socket closes or sends what is no frame."""
        try:
            while True:
                frame = _parsed(await _received(self._one.socket))
                self._one.heard = time.monotonic()
                if isinstance(frame, Send):
                    await self._take(frame)
                elif isinstance(frame, Ping):
                    await self._one.socket.send_text('{"type":"pong"}')
                elif not isinstance(frame, Seen):
                    await self._one.socket.close(BAD_FRAME)
                    return
        finally:
            if self._worker is not None:
                self._waiting.clear()

    async def _take(self, frame: Send) -> None:
        if len(self._waiting) >= WAITING_MAX:
            await self._error(frame.client_id, "too_fast", talk.TOO_FAST, retryable=True)
            return
        self._waiting.append(frame)
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._answered(self._waiting.pop(0))
        except (WebSocketDisconnect, RuntimeError):
            self._waiting.clear()
        finally:
            self._worker = None

    async def _answered(self, frame: Send) -> None:
        hub, visitor = self._hub, self._one.visitor
        message = MessageIn(client_id=frame.client_id, text=frame.text, choice=frame.choice)
        try:
            self._one.visitor, came, accepted, kept = await hub.run(partial(talk.take, hub.chat, visitor, message))
            shown = kept.model_dump(mode="json")
            await self._one.socket.send_text(
                dumped({"type": "accepted", "client_id": frame.client_id, "message": shown})
            )
            # One reading brings the message and its answer to every page; other processes follow the outbox.
            await hub.run(partial(talk.reply, hub.chat, came, accepted))
            hub.poke(visitor.conversation_id)
        except ServiceError as error:
            await self._error(frame.client_id, error.code, error.message, retryable=error.retryable)
        except Exception:
            log.exception("a chat message could not be taken")
            await self._error(frame.client_id, "unavailable", "系统繁忙，请稍后再试", retryable=True)

    async def _error(self, client_id: str, code: str, title: str, *, retryable: bool) -> None:
        frame = {"type": "error", "code": code, "title": title, "client_id": client_id, "retryable": retryable}
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await self._one.socket.send_text(dumped(frame))


def _parsed(text: str) -> Hello | Send | Seen | Ping | None:
    if len(text) > FRAME_CHARS_MAX:
        return None
    try:
        return Heard.validate_json(text)
    except ValidationError:
        return None


async def _received(socket: WebSocket) -> str:
    """The next text frame; a binary one is empty words, which are no frame of ours."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    return str(message.get("text") or "")
