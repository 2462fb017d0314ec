"""A person's line to a call that another web process holds: both ways through a socket between the processes.

The owner checks the person by the same session as ever; a signed, short-lived word of ours keeps a line to one hop.
"""

import asyncio
import contextlib
import hmac
import logging
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import WebSocket, WebSocketDisconnect
from sqlalchemy.orm import Session
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from core_api.kit.crypto import blind
from core_api.kit.web import SESSION_COOKIE
from telephony.runtime import TelephonyRuntime

log = logging.getLogger(__name__)

HEADER = "x-huifang-relay"
GOOD_FOR = timedelta(seconds=30)
OPEN_SECONDS = 5.0
PING_SECONDS = 5.0
MOST_BYTES = 16 * 1024
MOST_WAITING = 50
"""Frames: a second; the owner leaves out what a page that is further behind would hear too late."""
LOST, NOT_REACHED = 1011, 4410
NOT_SENT = frozenset({1005, 1006, 1015})
"""Codes that no close frame may carry."""


def word(session: Session, call_id: UUID, until: datetime) -> str:
    """What one process shows another to pass a line on."""
    expires = int(until.timestamp())
    return f"{expires}.{blind(session, 'relay', f'{call_id}:{expires}')}"


def is_ours(session: Session, call_id: UUID, shown: str, now: datetime) -> bool:
    """Whether a process of ours made this word for the call, and lately."""
    expires = shown.partition(".")[0]
    if not expires.isdecimal() or int(expires) < now.timestamp() or int(expires) > (now + GOOD_FOR).timestamp():
        return False
    wanted = f"{expires}.{blind(session, 'relay', f'{call_id}:{expires}')}"
    return hmac.compare_digest(wanted.encode(), shown.encode())


async def relay(socket: WebSocket, runtime: TelephonyRuntime, call_id: UUID, address: str) -> None:
    """Passes an accepted line on to the process at an address, until either side ends it.

    A page that is slow slows the owner's sending, which then leaves out sound; nothing piles up here.
    """
    headers = await runtime.in_thread(_headers, runtime, call_id, socket)
    url = f"{address.replace('http', 'ws', 1)}/api/calls/{call_id}/line"
    try:
        async with connect(
            url,
            additional_headers=headers,
            proxy=None,
            compression=None,
            open_timeout=OPEN_SECONDS,
            close_timeout=1.0,
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
            max_size=MOST_BYTES,
            max_queue=MOST_WAITING,
        ) as owner:
            await _pass_on(socket, owner)
            code = owner.close_code
    except (OSError, TimeoutError, WebSocketException):
        log.warning("the process that holds a call cannot be reached", extra={"call_id": call_id})
        title = "接听这通电话的服务器没有应答，请稍后再试"
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await socket.send_json({"type": "error", "code": "holder_gone", "title": title})
        code = NOT_REACHED
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        await socket.close(LOST if code is None or code in NOT_SENT else code)


def _headers(runtime: TelephonyRuntime, call_id: UUID, socket: WebSocket) -> dict[str, str]:
    """The person's own session, and our word; never the page's origin, which was checked here."""
    with runtime.sessions() as session:
        headers = {HEADER: word(session, call_id, runtime.clock.now() + GOOD_FOR)}
    if "authorization" in socket.headers:
        headers["authorization"] = socket.headers["authorization"]
    if SESSION_COOKIE in socket.cookies:
        headers["cookie"] = f"{SESSION_COOKIE}={socket.cookies[SESSION_COOKIE]}"
    return headers


async def _pass_on(socket: WebSocket, owner: ClientConnection) -> None:
    tasks = [asyncio.create_task(work) for work in (_to_owner(socket, owner), _to_page(socket, owner))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _to_owner(socket: WebSocket, owner: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed, WebSocketDisconnect, RuntimeError):
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            said: bytes | str = message["bytes"] if message.get("bytes") is not None else message.get("text") or ""
            if len(said) > MOST_BYTES:
                return
            await owner.send(said)


async def _to_page(socket: WebSocket, owner: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed, WebSocketDisconnect, RuntimeError):
        async for told in owner:
            if isinstance(told, bytes):
                await socket.send_bytes(told)
            else:
                await socket.send_text(told)
