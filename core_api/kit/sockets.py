"""Who opens a WebSocket: the session cookie or bearer token, and no page of another site."""

from urllib.parse import urlsplit

from fastapi import WebSocket

from core_api.kit.web import SESSION_COOKIE, CurrentUser, Runtime

UNAUTHENTICATED, FORBIDDEN = 4401, 4403


def from_elsewhere(socket: WebSocket) -> bool:
    """Whether another site's page opens the socket, which it might with this user's cookie."""
    origin = socket.headers.get("origin")
    return bool(origin) and urlsplit(origin or "").netloc != socket.headers.get("host")


def user_of(socket: WebSocket) -> CurrentUser | None:
    """Who opened the socket, as it stands now; None where the session is over. Blocking."""
    runtime: Runtime = socket.app.state.runtime
    header = socket.headers.get("authorization", "")
    token = socket.cookies.get(SESSION_COOKIE) or header.removeprefix("Bearer ").strip()
    if not token:
        return None
    with runtime.sessions() as session:
        session.connection(execution_options={"read_only": True})
        found: CurrentUser | None = socket.app.state.authenticate(session, token)
    return found
