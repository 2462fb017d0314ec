"""An open-loop HTTP client, cheap enough to share two cores with what it measures.

Requests leave at fixed moments whatever becomes of those before, and latency counts from the moment due: a service
that falls behind cannot hide it by slowing its client down.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.figures import percentile

MAX_CONNECTIONS = 200
GRACE_SECONDS = 10.0
OK_BELOW = 400


@dataclass
class Outcome:
    """What came of one run at one rate."""

    rate: float
    seconds: float
    latencies: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def p95_ms(self) -> float:
        return percentile(self.latencies, 0.95) * 1000

    @property
    def p50_ms(self) -> float:
        return percentile(self.latencies, 0.5) * 1000

    def holds(self, p95_ms: float) -> bool:
        """Whether every request was answered well and in time."""
        return self.failed == 0 and bool(self.latencies) and self.p95_ms <= p95_ms


Next = Callable[[], bytes]


class _Connection(asyncio.Protocol):
    """One keep-alive connection; answers must carry a length."""

    def __init__(self, pool: "_Pool") -> None:
        self._pool = pool
        self._buffer = b""
        self._due = 0.0
        self._body_left = -1
        self._status = 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # TCP transports write
        self._pool.idle(self)

    def send(self, request: bytes, due: float) -> None:
        self._due, self._body_left, self._buffer = due, -1, b""
        if self._transport is not None:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self._body_left < 0:
            self._buffer += data
            head, found, body = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            self._status = int(head[9:12])
            self._body_left = _length(head) - len(body)
        else:
            self._body_left -= len(data)
        if self._body_left <= 0:
            self._pool.answered(time.perf_counter() - self._due, self._status)
            self._pool.idle(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._due and self._body_left != 0:
            self._pool.lost()

    def close(self) -> None:
        self._due = 0.0
        if self._transport is not None:
            self._transport.close()


class _Pool:
    """Connections to the service's processes in turn, as a reverse proxy would spread them."""

    def __init__(self, ports: Sequence[int], outcome: Outcome) -> None:
        self._ports = ports
        self._outcome = outcome
        self._free: deque[_Connection] = deque()
        self._all: list[_Connection] = []
        self._waiting: deque[tuple[bytes, float]] = deque()
        self._opening = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, request: bytes, due: float) -> None:
        if self._free:
            self._free.popleft().send(request, due)
            return
        self._waiting.append((request, due))
        if len(self._all) + self._opening < MAX_CONNECTIONS:
            self._opening += 1
            task = asyncio.get_running_loop().create_task(self.open())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def open(self) -> None:
        port = self._ports[len(self._all) % len(self._ports)]
        try:
            _, made = await asyncio.get_running_loop().create_connection(lambda: _Connection(self), "127.0.0.1", port)
            self._all.append(made)
        finally:
            self._opening = max(0, self._opening - 1)

    def idle(self, connection: _Connection) -> None:
        if self._waiting:
            connection.send(*self._waiting.popleft())
        else:
            self._free.append(connection)

    def answered(self, latency: float, status: int) -> None:
        self._outcome.latencies.append(latency)
        self._outcome.failed += status >= OK_BELOW

    def lost(self) -> None:
        self._outcome.failed += 1

    def close(self) -> None:
        for connection in self._all:
            connection.close()


async def open_loop(ports: Sequence[int], next_request: Next, rate: float, seconds: float) -> Outcome:
    """Sends `rate` requests a second for some seconds and waits for the answers a while."""
    outcome = Outcome(rate, seconds)
    pool = _Pool(ports, outcome)
    for _ in range(8):
        await pool.open()
    begun = time.perf_counter()
    total = int(rate * seconds)
    for number in range(total):
        due = begun + number / rate
        ahead = due - time.perf_counter()
        if ahead > 0:
            await asyncio.sleep(ahead)
        elif number % 16 == 0:
            await asyncio.sleep(0)
        pool.submit(next_request(), due)
    deadline = time.perf_counter() + GRACE_SECONDS
    while len(outcome.latencies) + outcome.failed < total and time.perf_counter() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    outcome.failed += max(0, total - len(outcome.latencies) - outcome.failed)
    pool.close()
    return outcome


def get(path: str, headers: str = "") -> bytes:
    """A GET request as bytes."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n".encode()


def post(path: str, body: bytes, headers: str = "") -> bytes:
    """A POST request with a JSON body as bytes."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
