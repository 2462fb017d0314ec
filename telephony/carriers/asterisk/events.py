"""The exchange's events: one socket, connected again whenever it is lost."""

import asyncio
import base64
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from telephony.carriers.asterisk.account import AsteriskAccount

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
REPLACED = "ApplicationReplaced"
Event = dict[str, Any]


class Listener:
    """Listens to one application.

    Args:
        account: Where and as whom.
        app: The application's name.
        on_event: Called with each event, in their order; must not wait.
        on_connected: Called after each connecting, before its events: what happened meanwhile was not heard.
        on_lost: Called when the connection is gone.
    """

    def __init__(
        self,
        account: AsteriskAccount,
        app: str,
        on_event: Callable[[Event], None],
        on_connected: Callable[[], Awaitable[None]],
        on_lost: Callable[[], None],
    ) -> None:
        self._account = account
        self._app = app
        self._on_event = on_event
        self._on_connected = on_connected
        self._on_lost = on_lost
        self.replaced = False
        """Another process has taken the application's name."""

    async def run(self) -> None:
        """Listens until cancelled, or until another takes the name."""
        pause = FIRST_PAUSE_SECONDS
        while not self.replaced:
            try:
                await self._listen()
                pause = FIRST_PAUSE_SECONDS
            except (OSError, TimeoutError, WebSocketException) as error:
                log.warning("the exchange's events cannot be heard", extra={"reason": type(error).__name__})
                pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
            finally:
                self._on_lost()
            if not self.replaced:
                await asyncio.sleep(pause)

    async def _listen(self) -> None:
        secret = base64.b64encode(f"{self._account.user}:{self._account.password}".encode()).decode()
        url = f"{self._account.socket_url}/ari/events?{urlencode({'app': self._app})}"
        headers = {"Authorization": f"Basic {secret}"}
        async with connect(url, additional_headers=headers, proxy=None, open_timeout=5, max_queue=None) as socket:
            await self._on_connected()
            async for raw in socket:
                self._take(raw)
                if self.replaced:
                    return

    def _take(self, raw: str | bytes) -> None:
        try:
            event = json.loads(raw)
        except ValueError:
            log.warning("an event of the exchange could not be read")
            return
        if isinstance(event, dict):
            self.replaced = self.replaced or event.get("type") == REPLACED
            self._on_event(event)
