"""Chat sockets on one web process: memory per open socket, and the time to an answer at a steady stream of messages."""

import asyncio
import contextlib
import itertools
import json
import resource
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from assistant.channels.web import service
from bench import stack
from bench.figures import Figure, at_most, percentile
from core_api.kit.web import Runtime
from huifang.settings import Settings

FULL_SOCKETS = 5_000
OFFERED_PER_SECOND = 50.0
SECONDS = 60.0
VISITORS_AT_ONCE = 100
PING_SECONDS = 25.0
OPENING_AT_ONCE = 100
ANSWER_SECONDS = 30.0
FILES = 32_768
QUESTIONS = (
    "怎么预约挂号",
    "停车场怎么走",
    "冷冻胚胎保存费怎么交",
    "你好",
    "怎么打印检查报告",
    "住院探视时间是几点",
    "谢谢",
    "发票怎么开",
)


def measure(scale: float) -> list[Figure]:
    sockets = max(100, int(FULL_SOCKETS * scale))
    seconds = max(20.0, SECONDS * min(1.0, scale))
    _allow_files()
    with (
        tempfile.TemporaryDirectory() as folder,
        stack.initialised(Path(folder), {}) as (settings, runtime),
        stack.module("huifang", "web") as web,
    ):
        tokens = _visitors(runtime, sockets)
        stack.wait_for(f"{settings.web_url}/api/health", web)
        run = asyncio.run(_run(settings, tokens, web.pid, seconds))
    note = f"{sockets} sockets, {len(run.latencies)} messages at {OFFERED_PER_SECOND:.0f}/s"
    answered = run.latencies or [ANSWER_SECONDS]
    return [
        Figure("chat socket, memory of the web process", run.bytes_per_socket / 1024, "KiB", "-", note),
        Figure("chat answer at 50/s, p50", percentile(answered, 0.5) * 1000, "ms", "-", note),
        at_most("chat answer at 50/s, p95", percentile(answered, 0.95) * 1000, "ms", 1000, note),
        at_most("chat messages without an answer", run.lost, "", 0, note),
        at_most("chat sockets that closed", run.closed, "", 0, note),
        Figure("web process, share of one core", run.cpu_percent, "%", "-", note),
    ]


@dataclass
class _Run:
    """What one run showed."""

    bytes_per_socket: float = 0.0
    latencies: list[float] = field(default_factory=list)
    lost: int = 0
    closed: int = 0
    cpu_percent: float = 0.0


class _Patient:
    """An open chat page."""

    def __init__(self, socket: ClientConnection, run: _Run) -> None:
        self.socket = socket
        self.waiting: dict[str, tuple[float, asyncio.Future[float]]] = {}
        self.own: dict[str, str] = {}
        self.run = run

    async def listen(self) -> None:
        """Tells when an answer has come: a bot's message that replies to our own."""
        try:
            async for text in self.socket:
                frame = json.loads(text)
                if frame["type"] == "accepted":
                    self.own[frame["message"]["id"]] = frame["client_id"]
                elif frame["type"] == "message" and frame["message"]["reply_to"] in self.own:
                    due, answer = self.waiting.pop(self.own.pop(frame["message"]["reply_to"]))
                    answer.set_result(time.monotonic() - due)
        except ConnectionClosed:
            self.run.closed += 1

    async def ping(self) -> None:
        """As the page does; a silent socket is dropped."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(PING_SECONDS)
                await self.socket.send('{"type":"ping"}')

    async def ask(self, client_id: str, words: str, due: float) -> float:
        """Seconds from the moment it was due until the answer."""
        answer: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.waiting[client_id] = (due, answer)
        await self.socket.send(json.dumps({"type": "send", "client_id": client_id, "text": words}))
        async with asyncio.timeout(ANSWER_SECONDS):
            return await answer


async def _run(settings: Settings, tokens: list[str], pid: int, seconds: float) -> _Run:
    run, web = _Run(), psutil.Process(pid)
    warm = await _open(settings, tokens[:1], run)
    await warm[0].ask("warm", QUESTIONS[0], time.monotonic())
    before = web.memory_info().rss
    patients = await _open(settings, tokens[1:], run)
    await asyncio.sleep(3)
    run.bytes_per_socket = (web.memory_info().rss - before) / len(patients)
    web.cpu_percent()
    begun, asked = time.monotonic(), []
    for number, patient in zip(range(int(seconds * OFFERED_PER_SECOND)), itertools.cycle(patients), strict=False):
        due = begun + number / OFFERED_PER_SECOND
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        words = QUESTIONS[number % len(QUESTIONS)]
        asked.append(asyncio.create_task(patient.ask(f"m{number}", words, due)))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    run.cpu_percent = web.cpu_percent()
    run.latencies = [one for one in answers if isinstance(one, float)]
    run.lost = len(answers) - len(run.latencies)
    closed = run.closed
    await asyncio.gather(*(patient.socket.close() for patient in (*warm, *patients)))
    run.closed = closed
    return run


async def _open(settings: Settings, tokens: list[str], run: _Run) -> list[_Patient]:
    gate = asyncio.Semaphore(OPENING_AT_ONCE)
    listening: set[asyncio.Task[None]] = set()
    url = settings.web_url.replace("http", "ws", 1) + "/api/chat/socket"

    async def one(token: str) -> _Patient:
        async with gate:
            socket = await connect(url, ping_interval=None, compression=None, open_timeout=60, proxy=None)
            await socket.send(json.dumps({"type": "hello", "token": token, "after": 0}))
            await socket.recv()
        patient = _Patient(socket, run)
        listening.update((asyncio.create_task(patient.listen()), asyncio.create_task(patient.ping())))
        return patient

    opened = await asyncio.gather(*(one(token) for token in tokens))
    _KEPT.append(listening)
    return opened


_KEPT: list[set[asyncio.Task[None]]] = []
"""Tasks that nobody holds may be collected."""


def _visitors(runtime: Runtime, number: int) -> list[str]:
    tokens: list[str] = []
    while len(tokens) < number:
        # One transaction for thousands would hold SQLite's writer for minutes.
        with runtime.sessions.begin() as session:
            wanted = min(VISITORS_AT_ONCE, number - len(tokens))
            tokens += [service.begin(session, "h5", "示例医院", runtime.clock)[1] for _ in range(wanted)]
    return tokens


def _allow_files() -> None:
    """Each socket is a file, here and in the web process, which inherits the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, hard), hard))
