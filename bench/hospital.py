"""One hospital's real processes, driven over HTTP and looked at in the database; for tests and for `bench kill`."""

import contextlib
import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
from sqlalchemy import select

from bench import stack, world
from bench.invariants import broken
from campaigns.attempts.models import Attempt
from campaigns.targets.models import CampaignTarget
from core_api.kit.web import Runtime
from huifang import demo, store
from huifang.settings import Settings
from huifang.supervisor import Supervisor
from telephony.calls.models import CallRow

PACE = 10
# Two hours become one second, a call promised for tomorrow a quarter of a minute.
RETRY_PACE = 6000
AFTERNOON = 15
EASTERNMOST = 14
NUMBERS_EACH = 40
PERSONAS = (
    "cooperative", "terse", "keys_only", "fever", "talkative", "silent", "never_answers", "busy_line", "voicemail",
    "hangs_up_midway", "busy_callback", "relative", "asks_nurse", "wrong_number",
)  # fmt: skip
SECONDS = 150.0


def wait_for(condition: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
    """Waits until a condition holds; says what did not come about."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.1)


def afternoon_zone() -> str:
    """A zone in which it is afternoon now: windows and wishes are open, and no day ends during a test."""
    offset = min(AFTERNOON - datetime.now(UTC).hour, EASTERNMOST)
    return f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT"


def numbers_of(persona: str) -> range:
    """Whose patients a persona answers for, by number of `bench.world`."""
    first = 1000 + NUMBERS_EACH * PERSONAS.index(persona)
    return range(first, first + NUMBERS_EACH)


def answering() -> dict[str, str]:
    """Persona by phone."""
    return {world.phone(number): persona for persona in PERSONAS for number in numbers_of(persona)}


@dataclass
class Hospital:
    """A prepared data directory, its processes where they run, and a signed-in client."""

    settings: Settings
    runtime: Runtime
    variables: Mapping[str, str]
    accounts: Mapping[str, tuple[str, str]]
    processes: Supervisor | None = None
    used: dict[str, int] = field(default_factory=dict)
    answering: dict[str, str] = field(default_factory=answering)
    _http: httpx.Client | None = None

    @contextlib.contextmanager
    def running(self, *names: str) -> Iterator["Hospital"]:
        """The named processes under the supervisor, as `huifang run` has them."""
        with stack.running(self.settings, names, {**self.variables, **self.personas}) as processes:
            self.processes = processes
            try:
                yield self
            finally:
                self.sign_out()
                self.processes = None

    @property
    def personas(self) -> dict[str, str]:
        """Tells the simulated line who answers which number."""
        return {"HUIFANG_SIMULATOR_PERSONAS": json.dumps(self.answering)}

    @property
    def ports(self) -> dict[str, str]:
        """The variables with its ports."""
        return {name: value for name, value in self.variables.items() if name.endswith("_PORT")}

    @property
    def http(self) -> httpx.Client:
        """Signed in as an administrator, as a program is."""
        if self._http is None:
            self._http = httpx.Client(base_url=self.settings.web_url, timeout=60, trust_env=False)
            username, password = self.accounts["administrator"]
            answer = self._http.post("/api/tokens", json={"username": username, "password": password})
            answer.raise_for_status()
            self._http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return self._http

    def sign_out(self) -> None:
        """Closes the client's connections."""
        if self._http is not None:
            self._http.close()
        self._http = None

    def due(self, plan: str, questionnaire: str, **crowd: int) -> None:
        """New patients with a task due today: how many that each persona answers for."""
        made: list[UUID] = []
        for persona, count in crowd.items():
            begun = self.used.get(persona, 0)
            self.used[persona] = begun + count
            assert self.used[persona] <= NUMBERS_EACH
            made += world.add_patients(self.runtime, count, numbers_of(persona)[begun])
        world.add_tasks(self.runtime, made, questionnaire, plan=plan)

    def campaign(self, plan: str, **wanted: object) -> UUID:
        """A started campaign for a plan's due tasks, made over HTTP."""
        body = {
            "name": "随访", "filter": {"template_key": plan}, "window_start": "00:00", "window_end": "23:59",
            "patient_daily_cap": 10, "skip_holidays": False, "max_concurrent": 4,
        }  # fmt: skip
        made = self.http.post("/api/campaigns", json=body | wanted)
        assert made.status_code == 201, made.text
        started = self.http.post(f"/api/campaigns/{made.json()['id']}/start")
        assert started.status_code == 200, started.text
        return UUID(made.json()["id"])

    def finish(self, campaign_id: UUID, seconds: float = SECONDS) -> None:
        """Waits for a campaign's end, and holds it against every invariant."""
        until = time.monotonic() + seconds
        while (found := broken(self.runtime, campaign_id)) and time.monotonic() < until:
            time.sleep(0.5)
        assert found == []

    def calls(self, campaign_id: UUID) -> Sequence[CallRow]:
        with self.runtime.sessions() as session:
            session.connection(execution_options={"read_only": True})
            query = select(CallRow).where(CallRow.campaign_id == campaign_id).order_by(CallRow.id)
            return list(session.scalars(query))

    def attempts(self, campaign_id: UUID) -> Sequence[Attempt]:
        with self.runtime.sessions() as session:
            session.connection(execution_options={"read_only": True})
            query = select(Attempt).where(Attempt.campaign_id == campaign_id).order_by(Attempt.id)
            return list(session.scalars(query))

    def targets(self, campaign_id: UUID) -> Sequence[CampaignTarget]:
        with self.runtime.sessions() as session:
            session.connection(execution_options={"read_only": True})
            return list(session.scalars(select(CampaignTarget).where(CampaignTarget.campaign_id == campaign_id)))

    def on_the_line(self, campaign_id: UUID) -> int:
        """Calls with audio now."""
        return sum(one.media_at is not None and one.ended_at is None for one in self.calls(campaign_id))

    def answered_items(self, campaign_id: UUID) -> int:
        """Answers written down by now."""
        rows = [self.http.get(f"/api/calls/{one.id}").json()["answers"] for one in self.calls(campaign_id)]
        return sum(len(answers) for answers in rows)

    def kill(self, name: str) -> None:
        """Kills a process as the kernel does when memory is short; the supervisor starts it again."""
        assert self.processes is not None
        pid = self.processes.pids(name)[0]
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: self.processes is None or pid not in self.processes.pids(name), f"{name} to die")

    def serves(self, name: str) -> bool:
        assert self.processes is not None
        return bool(self.processes.pids(name)) and self.processes.serves(name)

    def log(self, name: str) -> str:
        return (self.settings.data_dir / "logs" / f"{name}.log").read_text("utf-8", "replace")

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Another process holds SQLite's only writer's place, as a backup or a person with a shell may."""
        database = sqlite3.connect(self.settings.data_dir / "huifang.db", isolation_level=None, timeout=30)
        database.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            database.execute("ROLLBACK")
            database.close()


@contextlib.contextmanager
def hospital(folder: Path, variables: Mapping[str, str], *, sample: bool = False) -> Iterator[Hospital]:
    """A hospital whose data lie in a folder; its processes do not run yet."""
    own = {
        "HUIFANG_TIME_ZONE": afternoon_zone(),
        "HUIFANG_SIMULATOR_PACE": str(PACE),
        "HUIFANG_SIMULATOR_RETRY_PACE": str(RETRY_PACE),
        **variables,
    }
    with stack.settings_in(folder, own) as settings:
        ports = {f"HUIFANG_{one}_PORT": str(getattr(settings, f"{one.lower()}_port")) for one in stack.PORTS}
    with contextlib.redirect_stdout(None):
        accounts = demo.prepare(settings) if sample else demo.initialise(settings)
    with store.opened(settings) as runtime:
        known = {role: (username, password) for username, password, role in accounts}
        chosen = own | ports | {"HUIFANG_DATA_DIR": str(folder), "HUIFANG_LOG_LEVEL": "INFO"}
        yield Hospital(settings, runtime, chosen, known)
