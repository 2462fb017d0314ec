"""A person's page on a call: what it is sent waits here, sound that comes too late to be of use is dropped."""

import asyncio
import contextlib
import json
from collections import deque
from typing import Any
from uuid import UUID

from fastapi import WebSocket, WebSocketDisconnect

from core_api.kit.web import CurrentUser

MOST_FRAMES = 50
"""A second: a page that is further behind goes on from now."""


class SocketLeg:
    """The `StaffLeg` port over an accepted socket."""

    def __init__(self, socket: WebSocket, user: CurrentUser) -> None:
        self._socket = socket
        self.user = user
        self._sound: deque[bytes] = deque(maxlen=MOST_FRAMES)
        self._told: deque[str] = deque()
        self._wake = asyncio.Event()
        self._over = False

    @property
    def user_id(self) -> UUID:
        return self.user.id

    @property
    def name(self) -> str:
        return self.user.display_name

    def hear(self, pcm: bytes) -> None:
        """Takes 20 ms of int16 to be heard; never waits."""
        self._sound.append(pcm)
        self._wake.set()

    def tell(self, message: dict[str, Any]) -> None:
        """Takes a control message; never waits."""
        self._told.append(json.dumps(message, ensure_ascii=False))
        self._over = self._over or message["type"] == "ended"
        self._wake.set()

    async def run(self) -> None:
        """Sends until cancelled, or until the socket is gone or the call over."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while not self._over:
                await self._wake.wait()
                self._wake.clear()
                while self._told:
                    await self._socket.send_text(self._told.popleft())
                while self._sound:
                    await self._socket.send_bytes(self._sound.popleft())
