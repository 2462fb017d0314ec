"""Kills random processes of a campaign under way, minute after minute, and holds what is left against the invariants.

`BENCH_KILL_MINUTES` (default 5), `BENCH_KILL_SEED`; `BENCH_KILL_APART=1` runs two workers and beat as processes of
their own on PostgreSQL and Redis, else all is on SQLite.
"""

import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

from bench import databases
from bench.figures import Figure, at_most
from bench.hospital import Hospital, hospital, wait_for
from bench.invariants import broken

PLAN = "kill"
QUESTIONNAIRE = "satisfaction"
# Patients of each persona; a crowd is added whenever one has been called.
CROWD: Mapping[str, int] = {
    "cooperative": 6, "terse": 2, "keys_only": 2, "talkative": 2, "silent": 1, "never_answers": 1, "busy_line": 1,
    "voicemail": 1, "hangs_up_midway": 1, "busy_callback": 1, "relative": 1, "asks_nurse": 1, "wrong_number": 1,
}  # fmt: skip
ALONE = ("web", "rasa", "simulator")
APART = ("web", "worker", "worker", "beat", "rasa", "simulator")
PAUSE_SECONDS = (4.0, 20.0)
END_SECONDS = 900.0
ROOM = 6


def measure(_scale: float) -> list[Figure]:
    minutes = float(os.environ.get("BENCH_KILL_MINUTES", "5"))
    chance = random.Random(int(os.environ.get("BENCH_KILL_SEED", "154")))
    with tempfile.TemporaryDirectory() as folder, ExitStack() as open_until_end:
        servers = _servers(open_until_end) if os.environ.get("BENCH_KILL_APART") else {}
        found = open_until_end.enter_context(hospital(Path(folder), servers))
        open_until_end.enter_context(found.running(*(APART if servers else ALONE)))
        killed: Counter[str] = Counter()
        campaigns = [_next_campaign(found, 0)]
        until = time.monotonic() + minutes * 60
        while time.monotonic() < until:
            time.sleep(chance.uniform(*PAUSE_SECONDS))
            _kill_one(found, chance, killed)
            if found.serves("web") and _is_over(found, campaigns[-1]) and len(campaigns) < ROOM:
                campaigns.append(_next_campaign(found, len(campaigns)))
        faults = _faults(found, campaigns)
        tries = sum(len(found.attempts(one)) for one in campaigns)
        people = sum(len(found.targets(one)) for one in campaigns)
    for fault in faults:
        print(f"  ✗ {fault}", flush=True)
    note = ", ".join(f"{name} {times}" for name, times in sorted(killed.items()))
    return [
        Figure("kill, processes killed", killed.total(), "times", note=note),
        Figure("kill, patients called", people, "patients", note=f"{tries} tries in {len(campaigns)} campaigns"),
        at_most("kill, invariants broken", len(faults), "faults", 0),
    ]


def _kill_one(found: Hospital, chance: random.Random, killed: Counter[str]) -> None:
    """Kills one process that serves; half of the time that which holds the calls."""
    name = "web" if chance.random() < 0.5 else chance.choice([one for one in APART if one != "web"])
    if found.processes is not None and found.processes.pids(name) and found.serves(name):
        found.kill(name)
        killed[name] += 1


def _next_campaign(found: Hospital, number: int) -> UUID:
    wait_for(lambda: found.serves("web"), "the web process")
    plan = f"{PLAN}-{number}"
    found.due(plan, QUESTIONNAIRE, **CROWD)
    return found.campaign(plan, max_concurrent=6)


def _is_over(found: Hospital, campaign: UUID) -> bool:
    return broken(found.runtime, campaign) == []


def _faults(found: Hospital, campaigns: list[UUID]) -> list[str]:
    """What does not hold once everything has had the time to come to its end."""
    until = time.monotonic() + END_SECONDS
    while True:
        faults = [fault for one in campaigns for fault in broken(found.runtime, one)]
        if not faults or time.monotonic() > until:
            return faults
        time.sleep(1)


def _servers(until_end: ExitStack) -> dict[str, str]:
    server, broker = databases.started(until_end)
    database = until_end.enter_context(databases.database(server))
    return {"HUIFANG_DATABASE_URL": database, "HUIFANG_BROKER_URL": broker}
