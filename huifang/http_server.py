"""Serving an application over HTTP, with a word to it before the doors close."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import uvicorn

SHUTDOWN_SECONDS = 5
WEBSOCKET_PING_SECONDS = 20.0
Drain = Callable[[], Awaitable[None]]


class Server(uvicorn.Server):
    """A server that lets the application come to rest while it is still served.

    Args:
        config: Uvicorn's.
        drain: Awaited after the first signal, before connections are closed; a second signal cuts it short.
    """

    def __init__(self, config: uvicorn.Config, drain: Drain | None = None) -> None:
        super().__init__(config)
        self._drain = drain

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drains, then shuts down."""
        if self._drain is not None:
            draining = asyncio.ensure_future(self._drain())
            while not draining.done() and not self.force_exit:
                await asyncio.wait([draining], timeout=0.1)
            draining.cancel()
            await asyncio.gather(draining, return_exceptions=True)
        await super().shutdown(sockets)


def serve(app: object, host: str, port: int, drain: Drain | None = None) -> None:
    """Serves until SIGTERM or SIGINT."""
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]  # any ASGI application
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        ws_ping_interval=WEBSOCKET_PING_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    Server(config, drain).run()
