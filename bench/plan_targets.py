"""Targets planned from a list of due tasks: time and memory, in a process of its own on PostgreSQL."""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import psutil
from sqlalchemy import insert

from bench import databases, stack, world
from bench.figures import Figure, at_most
from bench.machine import MIB
from campaigns import api as campaigns
from campaigns.campaigns.schemas import CampaignIn
from campaigns.dispatch import planning
from core_api.kit.db import new_id
from core_api.kit.web import Runtime
from core_api.patients.models import Patient
from huifang import store
from huifang.settings import Settings

FULL_TARGETS = 1_000_000
GOAL_SECONDS = 600
GOAL_MIB = 500


def measure(scale: float) -> list[Figure]:
    count = max(2000, int(FULL_TARGETS * scale))
    with contextlib.ExitStack() as until_end:
        postgresql, _ = databases.started(until_end)
        folder = Path(until_end.enter_context(tempfile.TemporaryDirectory()))
        url = until_end.enter_context(databases.database(postgresql))
        _, runtime = until_end.enter_context(stack.initialised(folder, {"HUIFANG_DATABASE_URL": url}))
        world.add_tasks(runtime, _patients(runtime, count), "satisfaction")
        with runtime.sessions.begin() as session:
            wanted = CampaignIn(name="测量", window_start="00:00", window_end="23:59")
            campaign = campaigns.create(session, wanted, None, runtime.clock)
            campaigns.start(session, campaign.id, runtime.clock)
        found = _plan_in_own_process()
        with runtime.sessions.begin() as session:
            planned = campaigns.get(session, campaign.id).counts.total
    assert planned == count, f"{planned} of {count} targets"
    full_seconds = found["seconds"] * FULL_TARGETS / count
    note = f"{count} targets in {found['seconds']:.1f} s"
    return [
        Figure("targets planned per second", count / found["seconds"], "targets/s", note=note),
        at_most(
            "targets, 1,000,000 planned",
            full_seconds,
            "s",
            GOAL_SECONDS,
            "at this rate" if count < FULL_TARGETS else "",
        ),
        at_most("targets, resident memory at most", found["peak_mib"], "MiB", GOAL_MIB, note),
    ]


class NobodyDials:
    """Planning dials nobody."""

    def place(self, _order: campaigns.CallOrder) -> str:
        raise AssertionError

    def fate(self, _call_id: UUID) -> campaigns.Fate:
        raise AssertionError


def plan() -> None:
    """In the process of its own: plans until nothing is left, as the worker's rounds do."""
    settings = Settings()
    peak = 0
    with store.opened(settings) as runtime:
        begun = time.monotonic()
        working = campaigns.CampaignRuntime(runtime.sessions, runtime.clock, runtime.zone, NobodyDials())
        while planning.plan_campaigns(working):
            peak = max(peak, psutil.Process().memory_info().rss)
    print(json.dumps({"seconds": time.monotonic() - begun, "peak_mib": peak / MIB}))


def _plan_in_own_process() -> dict[str, float]:
    done = subprocess.run([sys.executable, "-m", "bench.plan_targets"], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _patients(runtime: Runtime, count: int) -> Sequence[UUID]:
    """Rows whose sealed fields hold nothing that could be opened: planning has no business opening them."""
    now = runtime.clock.now()
    made: list[UUID] = []
    for batch in world.in_batches(range(count)):
        ids = [new_id() for _ in batch]
        rows = [
            {
                "id": patient_id,
                "record_number": f"B{number:08d}",
                "name_sealed": "-",
                "name_blind": "-",
                "phone_sealed": "-",
                "gender": "female",
                "site": world.SITES[number % len(world.SITES)],
                "consent": "granted",
                "preferences": {},
                "do_not_contact": False,
                "deceased": False,
                "wrong_number": False,
                "source_hash": "-",
                "created_at": now,
                "updated_at": now,
            }
            for number, patient_id in zip(batch, ids, strict=True)
        ]
        with runtime.sessions.begin() as session:
            session.execute(insert(Patient), rows)
        made += ids
    return made


if __name__ == "__main__":
    plan()
