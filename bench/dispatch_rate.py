"""Attempts dispatched to the simulator by two workers on PostgreSQL and Redis: how many a second, and none twice.

The simulator's patients let it ring, so that what is measured is choosing, claiming, committing and dialling, with the
carrier's callbacks about it; no call is answered within the measurement.
"""

import contextlib
import sqlite3
import tempfile
import time
from pathlib import Path

from sqlalchemy import func, select

from bench import databases, stack, world
from bench.figures import Figure, at_least
from campaigns import api as campaigns
from campaigns.attempts.models import Attempt
from campaigns.campaigns.schemas import CampaignIn
from core_api.kit.web import Runtime

FULL_TARGETS = 12_000
LEAST_TARGETS = 1_500
CAMPAIGNS = len(world.SITES) * len(world.STAGES)
GOAL_PER_SECOND = 200
LONGEST_SECONDS = 300.0
POLL_SECONDS = 0.25


def measure(scale: float) -> list[Figure]:
    count = max(LEAST_TARGETS, int(FULL_TARGETS * scale))
    with contextlib.ExitStack() as until_end:
        postgresql, redis = databases.started(until_end)
        folder = Path(until_end.enter_context(tempfile.TemporaryDirectory()))
        url = until_end.enter_context(databases.database(postgresql))
        variables = {
            "HUIFANG_DATABASE_URL": url,
            "HUIFANG_BROKER_URL": redis,
            "HUIFANG_MAX_CONCURRENT_CALLS": str(2 * count),
            "HUIFANG_SIMULATOR_PERSONA": "never_answers",
        }
        settings, runtime = until_end.enter_context(stack.initialised(folder, variables))
        world.add_tasks(runtime, world.add_patients(runtime, count), "satisfaction")
        until_end.enter_context(stack.running(settings, ["web", "simulator", "worker", "worker", "beat"]))
        _start_campaigns(runtime)
        seconds = _watch(runtime, count)
        placed, numbers = _carriers_view(settings.data_dir / "simulator" / "calls.db")
    twice = placed - numbers
    note = f"{placed} calls in {seconds:.1f} s, {CAMPAIGNS} campaigns"
    return [
        at_least("attempts dispatched, two workers", placed / seconds, "attempts/s", GOAL_PER_SECOND, note),
        Figure("  patients dialled twice", twice, "patients", "0", note, twice == 0),
        Figure("  targets not dialled in time", count - numbers, "targets", "0", note, count == numbers),
    ]


def _start_campaigns(runtime: Runtime) -> None:
    """Several, each for one site and stage, as a hospital runs them side by side."""
    with runtime.sessions.begin() as session:
        for site in world.SITES:
            for stage in world.STAGES:
                wanted = CampaignIn.model_validate(
                    {
                        "name": f"{site}{stage}",
                        "filter": {"site": site, "stage": stage},
                        "window_start": "00:00",
                        "window_end": "23:59",
                        "max_concurrent": 1000,
                        "daily_cap": 1_000_000,
                        "skip_holidays": False,
                    }
                )
                made = campaigns.create(session, wanted, None, runtime.clock)
                campaigns.start(session, made.id, runtime.clock)


def _watch(runtime: Runtime, count: int) -> float:
    """Seconds from the first dialled attempt to the last."""
    begun: float | None = None
    deadline = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < deadline:
        with runtime.sessions.begin() as session:
            dialled = session.scalar(select(func.count()).where(Attempt.carrier_sid.is_not(None))) or 0
        if dialled and begun is None:
            begun = time.monotonic() - POLL_SECONDS
        if dialled >= count and begun is not None:
            return time.monotonic() - begun
        time.sleep(POLL_SECONDS)
    return LONGEST_SECONDS


def _carriers_view(path: Path) -> tuple[int, int]:
    """Calls and different numbers, as the carrier itself counts them."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        calls, numbers = db.execute("SELECT count(*), count(DISTINCT number) FROM calls").fetchone()
    return int(calls), int(numbers)
