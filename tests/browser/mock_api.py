"""Answers the pages' API calls from admin_web/tests/mock/api.json; the built pages come from admin_web/dist.

A fixture's "@-180" is a time 180 s ago, "@+60" one in a minute, "@d+3" the date in three days.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Request, Route, WebSocketRoute

ROOT = Path(__file__).parents[2] / "admin_web"
DIST = ROOT / "dist"
BASE_URL = "http://huifang.test"
SHANGHAI = timezone(timedelta(hours=8))
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

Answer = tuple[int, Any]
Override = Callable[[Request], Answer]


def _filled(value: Any, now: datetime) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one, now) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, now) for one in value]
    if isinstance(value, str) and (found := re.fullmatch(r"@(d?)([+-]\d+)", value)):
        amount = int(found[2])
        if found[1]:
            return (now.astimezone(SHANGHAI) + timedelta(days=amount)).date().isoformat()
        return (now + timedelta(seconds=amount)).isoformat().replace("+00:00", "Z")
    return value


def silence_wav(seconds: int) -> bytes:
    """A mono recording of nothing, 8 kHz, 16 bit."""
    size = 16_000 * seconds
    rates = (8000).to_bytes(4, "little") + (16_000).to_bytes(4, "little")
    header = b"RIFF" + (36 + size).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    layout = (1).to_bytes(2, "little") * 2 + rates + (2).to_bytes(2, "little") + (16).to_bytes(2, "little")
    return header + layout + b"data" + size.to_bytes(4, "little") + bytes(size)


class MockApi:
    """The API as far as the pages need it; `requests` are the calls that changed something."""

    def __init__(self) -> None:
        self._answers: dict[str, Any] = json.loads((ROOT / "tests/mock/api.json").read_text("utf-8"))
        self._overrides: dict[str, Override] = {}
        self.requests: list[tuple[str, str, Any]] = []
        self.searches: list[dict[str, Any]] = []
        self.seen: list[str] = []
        self.sockets: list[WebSocketRoute] = []

    def install(self, page: Page) -> None:
        """Serves page and API to this page; nothing else is reachable."""
        page.route("**/*", self._serve)
        page.route_web_socket(re.compile(r"/api/live"), self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)

    def answer(self, call: str, override: Override) -> None:
        """Replaces the answer to "GET /api/..."; "*" stands for one path part."""
        self._overrides[call] = override

    def allow(self, *permissions: str) -> None:
        """Gives whoever is signed in more permissions."""
        self._answers["GET /api/session"]["user"]["permissions"] += permissions

    def answer_with(self, call: str, status: int, body: Any) -> None:
        self.answer(call, lambda _request: (status, body))

    def tell(self, topic: str, name: str, data: dict[str, Any]) -> None:
        """Sends one live event to every open socket."""
        at = datetime.now(UTC).isoformat()
        for socket in self.sockets:
            socket.send(json.dumps({"topic": topic, "name": name, "data": data, "at": at}))

    def _serve(self, route: Route) -> None:
        path = route.request.url.removeprefix(BASE_URL).split("?")[0]
        if not route.request.url.startswith(BASE_URL):
            route.abort()
        elif path.startswith("/api/"):
            self._api(route, path)
        else:
            file = DIST / path.lstrip("/")
            found = file if path != "/" and file.is_file() else DIST / "index.html"
            route.fulfill(body=found.read_bytes(), content_type=TYPES.get(found.suffix, "application/octet-stream"))

    def _api(self, route: Route, path: str) -> None:
        request = route.request
        self.seen.append(f"{request.method} {request.url.removeprefix(BASE_URL)}")
        if path.endswith("/audio"):
            return _part(route, silence_wav(56), "audio/wav")
        if path.endswith("/yaml"):
            return route.fulfill(path=ROOT / "tests/mock/kidney_transplant.yaml", content_type="application/yaml")
        if path.endswith("/search"):
            self.searches.append(request.post_data_json or {})
        elif request.method != "GET":
            self._remember(request, path)
        status, body = self._find(request, f"{request.method} {path}")
        kind = "application/json" if status < 400 else "application/problem+json"
        if body is None and status == 200:
            return route.fulfill(status=204)
        return route.fulfill(status=status, body=json.dumps(_filled(body, datetime.now(UTC))), content_type=kind)

    def _remember(self, request: Request, path: str) -> None:
        is_json = "json" in (request.headers.get("content-type") or "")
        self.requests.append((request.method, path, request.post_data_json if is_json else None))

    def _find(self, request: Request, call: str) -> Answer:
        for pattern, override in self._overrides.items():
            if _matches(pattern, call):
                return override(request)
        exact = [pattern for pattern in self._answers if pattern == call]
        for pattern in exact or self._answers:
            if _matches(pattern, call):
                return 200, self._answers[pattern]
        return 404, {"title": "没有找到", "status": 404, "code": "not_found", "detail": f"{call} 没有准备"}


def _part(route: Route, body: bytes, kind: str) -> None:
    """A file, or the range of it that a player asks for."""
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", route.request.headers.get("range", ""))
    headers = {"Content-Type": kind, "Accept-Ranges": "bytes"}
    if asked is None:
        return route.fulfill(body=body, headers=headers)
    first, last = int(asked[1]), int(asked[2] or len(body) - 1)
    headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
    return route.fulfill(status=206, body=body[first : last + 1], headers=headers)


def _matches(pattern: str, call: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", "[^/]+"), call) is not None
