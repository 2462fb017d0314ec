"""Text turns through Rasa and one action: latency at 20 turns a second offered, and the most that one Rasa takes.

Beside it, in the same run, a bare Rasa: one rule, one fixed answer, no action of ours.
"""

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from bench import bare_rasa, stack
from bench.figures import Figure, at_least, at_most, percentile
from core_api.kit.db import new_id
from core_api.kit.web import Runtime
from dialogs import api as dialogs

OFFERED_PER_SECOND = 20.0
CALLERS = 8
WARM_UP_TURNS = 40
WORDS = "您说什么，请再说一遍"
Speak = Callable[[int], object]


def measure(scale: float) -> list[Figure]:
    turns = max(200, int(2000 * scale))
    with (
        tempfile.TemporaryDirectory() as folder,
        stack.initialised(Path(folder), {}) as (settings, runtime),
        stack.running(settings, ["web", "rasa"]),
    ):
        engine = dialogs.RasaEngine(settings.rasa, 10.0)
        _closed_loop(_speaker(runtime, engine, WARM_UP_TURNS), WARM_UP_TURNS)
        latencies = _open_loop(_speaker(runtime, engine, turns), turns)
        per_second = _closed_loop(_speaker(runtime, engine, turns), turns)
        engine.close()
    with bare_rasa.running() as url:
        bare_latencies, bare_per_second = _bare(url, turns)
    note = f"{turns} turns"
    return [
        Figure("text turn at 20/s, p50", percentile(latencies, 0.5) * 1000, "ms", note=note),
        at_most("text turn at 20/s, p95", percentile(latencies, 0.95) * 1000, "ms", 80, note),
        at_least("text turns, one Rasa process", per_second, "turns/s", 70, note),
        Figure("  a bare Rasa with one rule, p95 at 20/s", percentile(bare_latencies, 0.95) * 1000, "ms", note=note),
        Figure("  a bare Rasa with one rule", bare_per_second, "turns/s", note="same run, no action server"),
    ]


def _bare(url: str, turns: int) -> tuple[list[float], float]:
    with httpx.Client(base_url=url, trust_env=False, timeout=10) as client:

        def speak(number: int) -> object:
            body = {"sender": f"bare-{new_id().hex}-{number}", "message": WORDS}
            return client.post("/webhooks/rest/webhook", json=body).raise_for_status()

        _closed_loop(speak, WARM_UP_TURNS)
        return _open_loop(speak, turns), _closed_loop(speak, turns)


def _open_loop(speak: Speak, turns: int) -> list[float]:
    """Sends at fixed moments and counts from the moment due, so that waiting is not hidden."""
    begun = time.monotonic() + 0.5

    def one(number: int) -> float:
        due = begun + number / OFFERED_PER_SECOND
        time.sleep(max(0.0, due - time.monotonic()))
        speak(number)
        return time.monotonic() - due

    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(one, range(turns)))


def _closed_loop(speak: Speak, turns: int) -> float:
    begun = time.monotonic()
    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(speak, range(turns)))
    return turns / (time.monotonic() - begun)


def _speaker(runtime: Runtime, engine: dialogs.RasaEngine, turns: int) -> Speak:
    """Begins the conversations beforehand; each gets one turn, as a fresh call would."""
    ids = [new_id() for _ in range(turns)]
    with runtime.sessions.begin() as session:
        for conversation_id in ids:
            begin = dialogs.StartDialogue(
                conversation_id=conversation_id, purpose="follow_up", hospital_name="示例医院", salutation="王女士"
            )
            dialogs.start(session, begin, runtime.clock)
    return lambda number: engine.respond(dialogs.Turn(conversation_id=ids[number], turn_id="1", text=WORDS))
