"""One open socket: how far it was sent, and what is news to it."""

import json
import time
from collections.abc import Sequence
from typing import Any

from starlette.websockets import WebSocket

from assistant.channels.web.schemas import ChatConversation, ChatMessage, Visitor


class Subscriber:
    """A socket's mark. `busy` while it sends: nothing more is read for it until it is done."""

    __slots__ = ("busy", "heard", "sent_seq", "socket", "standing", "visitor")

    def __init__(self, socket: WebSocket, visitor: Visitor, sent_seq: int) -> None:
        self.socket = socket
        self.visitor = visitor
        self.sent_seq = sent_seq
        self.busy = True
        self.heard = time.monotonic()
        self.standing: tuple[object, ...] = ()

    def news(self, messages: Sequence[tuple[int, str]], state: ChatConversation | None) -> list[str]:
        """The frames that this socket has not been sent, and moves its mark behind them."""
        frames = [text for seq, text in messages if seq > self.sent_seq]
        self.sent_seq = max([self.sent_seq, *(seq for seq, _ in messages)])
        if state is not None and mark_of(state) != self.standing:
            self.standing = mark_of(state)
            frames.append(dumped({"type": "conversation", "conversation": state.model_dump(mode="json")}))
        return frames


def mark_of(state: ChatConversation) -> tuple[object, ...]:
    """What of a conversation's state a page is told of by itself."""
    return (state.status, state.with_person, state.waiting_for_person, state.satisfaction_asked, state.identified)


def message_frame(message: ChatMessage) -> str:
    """A message as a text frame."""
    return dumped({"type": "message", "message": message.model_dump(mode="json")})


def dumped(frame: dict[str, Any]) -> str:
    """A frame as text."""
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
