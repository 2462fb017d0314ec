"""Text turns through Rasa and one action: latency at 20 turns a second offered, and the most that one Rasa takes."""

import contextlib
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.figures import Figure, percentile
from core_api.kit.db import new_id
from core_api.kit.web import Runtime
from dialogs import api as dialogs
from huifang import demo, processes, store
from huifang.settings import Settings
from huifang.supervisor import Supervisor

OFFERED_PER_SECOND = 20.0
CALLERS = 8
READY_SECONDS = 180.0
WARM_UP_TURNS = 20
WORDS = "您说什么，请再说一遍"


def measure(scale: float) -> list[Figure]:
    turns = max(200, int(2000 * scale))
    with tempfile.TemporaryDirectory() as folder, _stack(Path(folder)) as (settings, runtime):
        engine = dialogs.RasaEngine(settings.rasa, 10.0)
        _closed_loop(runtime, engine, WARM_UP_TURNS)
        latencies = _open_loop(runtime, engine, turns)
        per_second = _closed_loop(runtime, engine, turns)
        engine.close()
    note = f"{turns} turns"
    return [
        Figure("text turn at 20/s, p50", percentile(latencies, 0.5) * 1000, "ms", "-", note),
        Figure("text turn at 20/s, p95", percentile(latencies, 0.95) * 1000, "ms", "<= 80", note),
        Figure("text turns, one Rasa process", per_second, "turns/s", ">= 70", note),
    ]


def _open_loop(runtime: Runtime, engine: dialogs.RasaEngine, turns: int) -> list[float]:
    """Sends at fixed moments and counts from the moment due, so that waiting is not hidden."""
    speak = _speaker(runtime, engine, turns)
    begun = time.monotonic() + 0.5

    def one(number: int) -> float:
        due = begun + number / OFFERED_PER_SECOND
        time.sleep(max(0.0, due - time.monotonic()))
        speak(number)
        return time.monotonic() - due

    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(one, range(turns)))


def _closed_loop(runtime: Runtime, engine: dialogs.RasaEngine, turns: int) -> float:
    speak = _speaker(runtime, engine, turns)
    begun = time.monotonic()
    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(speak, range(turns)))
    return turns / (time.monotonic() - begun)


def _speaker(runtime: Runtime, engine: dialogs.RasaEngine, turns: int) -> Callable[[int], object]:
    """Begins the conversations beforehand; each gets one turn, as a fresh call would."""
    ids = [new_id() for _ in range(turns)]
    with runtime.sessions.begin() as session:
        for conversation_id in ids:
            begin = dialogs.StartDialogue(
                conversation_id=conversation_id, purpose="follow_up", hospital_name="示例医院", salutation="王女士"
            )
            dialogs.start(session, begin, runtime.clock)
    return lambda number: engine.respond(dialogs.Turn(conversation_id=ids[number], turn_id="1", text=WORDS))


@contextlib.contextmanager
def _stack(folder: Path) -> Iterator[tuple[Settings, Runtime]]:
    for name in ("WEB", "RASA", "SIMULATOR"):
        os.environ[f"HUIFANG_{name}_PORT"] = str(_free_port())
    os.environ["HUIFANG_DATA_DIR"] = str(folder)
    settings = Settings()
    demo.initialise(settings)
    ready = threading.Event()
    specs = [spec for spec in processes.specs(settings) if spec.name != processes.SIMULATOR]
    supervisor = Supervisor(specs, on_ready=ready.set)
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    try:
        if not ready.wait(READY_SECONDS):
            raise TimeoutError
        with store.opened(settings) as runtime:
            yield settings, runtime
    finally:
        supervisor.stop()
        thread.join()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
