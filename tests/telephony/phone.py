"""A carrier's media stream in a test's own hands."""

import base64
import json
from typing import Any
from uuid import UUID

from websockets.asyncio.client import ClientConnection, connect

from core_api.kit.clock import SystemClock
from core_api.kit.db import new_id
from telephony.calls import service
from telephony.simulator.signature import sign
from tests.telephony.kit import TOKEN, Stage, request

SILENCE = base64.b64encode(b"\xff" * 160).decode()


def registered(stage: Stage) -> UUID:
    """A call that our side knows and no simulator runs."""
    call_id = new_id()
    with stage.runtime.sessions.begin() as session:
        service.register(session, request(call_id), SystemClock())
    return call_id


class Phone:
    """A media stream to a web process in a test's own hands."""

    def __init__(self, web_url: str, call_id: UUID, token: str = TOKEN) -> None:
        self.url = web_url.replace("http", "ws") + "/carriers/twilio/media"
        self._token = token
        self._call_id = call_id
        self.marks: list[str] = []

    def connect(self) -> Any:
        headers = {"X-Twilio-Signature": sign(self._token, self.url, {})}
        return connect(self.url, additional_headers=headers, proxy=None)

    async def start(self, socket: ClientConnection) -> None:
        start = {"callSid": "CA1", "streamSid": "MZ1", "customParameters": {"call_id": str(self._call_id)}}
        await socket.send(json.dumps({"event": "connected"}))
        await socket.send(json.dumps({"event": "start", "start": start}))

    async def until_mark(self, socket: ClientConnection) -> str:
        async for raw in socket:
            message = json.loads(raw)
            if message["event"] == "mark":
                await socket.send(json.dumps(message))
                return str(message["mark"]["name"])
        message = "closed before a mark"
        raise AssertionError(message)
