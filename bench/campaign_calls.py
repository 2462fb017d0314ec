"""A campaign of simulated calls at ten times real pace on the real stack: web, Rasa and simulator as processes.

Concurrency is `BENCH_CONCURRENCY` (the default was chosen by measuring several); every call is held to its end.
"""

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import func, select

from bench import stack, world
from bench.figures import Figure, at_least, at_most, percentile
from bench.machine import Watch
from campaigns import api as campaigns
from campaigns.attempts.models import Attempt
from campaigns.campaigns.schemas import CampaignIn
from core_api.kit.web import Runtime
from telephony.calls.models import CallEventRow, CallRow

FULL_CALLS = 1000
LEAST_CALLS = 40
PACE = 10.0
CONCURRENCY = 6
QUESTIONNAIRE = "satisfaction"
LONGEST_SECONDS = 3600.0
POLL_SECONDS = 1.0
GOAL_SHARE = 0.99
PROCESSES = ("web", "rasa", "simulator")


def measure(scale: float) -> list[Figure]:
    calls = max(LEAST_CALLS, int(FULL_CALLS * scale))
    at_once = int(os.environ.get("BENCH_CONCURRENCY", CONCURRENCY))
    variables = {
        "HUIFANG_SIMULATOR_PACE": str(PACE),
        "HUIFANG_MAX_CONCURRENT_CALLS": str(at_once),
    }
    with tempfile.TemporaryDirectory() as folder, stack.initialised(Path(folder), variables) as (settings, runtime):
        world.add_tasks(runtime, world.add_patients(runtime, calls), QUESTIONNAIRE)
        with Watch() as watch, stack.running(settings, PROCESSES):
            begun = time.monotonic()
            start(runtime, at_once)
            ended = until_called(runtime, calls)
            seconds = time.monotonic() - begun
        found = _calls(runtime)
        measured = latencies(runtime)
    note = f"{ended} of {calls} calls, {at_once} at once, {PACE:g} times real pace"
    return [
        at_least("campaign, first calls to everybody ended", ended / calls, "share", 1.0, note),
        Figure("campaign, calls per minute", ended / seconds * 60, "calls/min", note=note),
        *_audio(found),
        *_turns(measured),
        *(
            Figure(f"campaign, {name}, most resident memory", watch.peak_mib().get(name, 0.0), "MiB")
            for name in PROCESSES
        ),
    ]


def start(runtime: Runtime, at_once: int) -> None:
    """Begins a campaign over all that is due, at any hour."""
    with runtime.sessions.begin() as session:
        wanted = CampaignIn(
            name="测量",
            window_start="00:00",
            window_end="23:59",
            max_concurrent=at_once,
            daily_cap=1_000_000,
            skip_holidays=False,
        )
        campaigns.start(session, campaigns.create(session, wanted, None, runtime.clock).id, runtime.clock)


def until_called(runtime: Runtime, calls: int) -> int:
    """Waits until every patient's first call has ended; what is tried again later is not waited for."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while True:
        with runtime.sessions.begin() as session:
            session.connection(execution_options={"read_only": True})
            ended = session.scalar(
                select(func.count(func.distinct(Attempt.target_id))).where(Attempt.ended_at.is_not(None))
            )
        if (ended or 0) >= calls or time.monotonic() > deadline:
            return ended or 0
        time.sleep(POLL_SECONDS)


def _calls(runtime: Runtime) -> Sequence[Mapping[str, int]]:
    """Frames of each call that had audio."""
    with runtime.sessions.begin() as session:
        rows = session.execute(
            select(CallRow.late_frames, CallRow.bad_frames).where(
                CallRow.media_at.is_not(None), CallRow.ended_at.is_not(None)
            )
        )
        return [{"late": late or 0, "bad": bad or 0} for late, bad in rows]


def latencies(runtime: Runtime) -> dict[str, list[float]]:
    """Real milliseconds from the end of the words to the first audio, by how the patient answered."""
    found: dict[str, list[float]] = {"speech": [], "keys": [], "silence": []}
    with runtime.sessions.begin() as session:
        for data in session.scalars(select(CallEventRow.data).where(CallEventRow.kind == "turn")):
            if "latency_ms" in data:
                found.setdefault(str(data.get("answer", "speech")), []).append(float(data["latency_ms"]))
    return found


def _audio(found: Sequence[Mapping[str, int]]) -> list[Figure]:
    late = [float(one["late"]) for one in found]
    on_time = sum(1 for frames in late if not frames) / max(1, len(late))
    note = f"{len(late)} calls with audio; late: more than 60 ms after it was due"
    return [
        at_least("campaign, calls without a late frame", on_time, "share", GOAL_SHARE, note),
        Figure("campaign, late frames of a call, p99", percentile(late, 0.99), "frames", note=note),
        at_most("campaign, frames that could not be read", float(sum(one["bad"] for one in found)), "frames", 0),
    ]


def _turns(latencies: Mapping[str, list[float]]) -> list[Figure]:
    every = [one for values in latencies.values() for one in values]
    note = f"{len(every)} turns, real milliseconds"
    return [
        at_most("campaign, words to first audio, p50", percentile(every, 0.5), "ms", 400, note),
        at_most("campaign, words to first audio, p95", percentile(every, 0.95), "ms", 700, note),
    ]
