"""Security headers on every HTTP answer."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # Element Plus and ECharts set inline styles
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self' data:",
        "connect-src 'self' ws: wss:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
VOICE = {"Permissions-Policy": "camera=(), geolocation=(), microphone=(self)"}
STAFF = {"X-Frame-Options": "DENY", **VOICE}
CHAT = VOICE
CHAT_PATH = "/chat"
DOCS_PATH = "/api/docs"


class SecurityHeaders:
    """ASGI middleware: content policy, no caching of what the API says, and frames only for the chat.

    The patients' chat may be shown in a frame by the sites named. It records voice messages, and staff speak on calls.
    """

    def __init__(self, app: ASGIApp, frame_ancestors: str = "'self'") -> None:
        self._app = app
        self._chat = {**HEADERS, **CHAT, "Content-Security-Policy": _policy(frame_ancestors)}
        self._staff = {**HEADERS, **STAFF, "Content-Security-Policy": _policy("'none'")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        ours = self._chat if f"{path}/".startswith(f"{CHAT_PATH}/") else self._staff

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ours.items():
                    if path != DOCS_PATH or name != "Content-Security-Policy":
                        headers.setdefault(name, value)
                if path.startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _policy(frame_ancestors: str) -> str:
    return f"{CONTENT_POLICY}; frame-ancestors {frame_ancestors}"
