"""One hospital and one Rasa for the package, since they take long to start."""

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from bench import stack
from bench.hospital import Hospital, hospital, wait_for
from campaigns.policy.rules import lasting_reasons
from campaigns.record.core import CoreRecord
from campaigns.record.port import Selection, TaskSelection
from campaigns.record.sources import PlanTasks
from core_api.kit.db import new_id
from core_api.kit.web import Runtime
from huifang.supervisor import Supervisor

SAMPLE_PLAN = "kidney_transplant"
# Who answers the sample's due patients, in order and round again.
SAMPLE_PERSONAS = (
    "busy_callback", "fever", "cooperative", "keys_only", "never_answers", "hangs_up_midway", "voicemail", "busy_line",
    "asks_nurse", "wrong_number", "terse",
)  # fmt: skip


@dataclass
class Rasa:
    """Rasa under a supervisor of its own, so that it outlives the web processes that it works for."""

    processes: Supervisor

    def kill(self) -> None:
        (pid,) = self.processes.pids("rasa")
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: pid not in self.processes.pids("rasa"), "Rasa to die")

    def serves(self) -> bool:
        return bool(self.processes.pids("rasa")) and self.processes.serves("rasa")


@pytest.fixture(scope="package")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """The sample export imported and planned; nothing runs."""
    folder = tmp_path_factory.mktemp("hospital")
    with hospital(folder, {}, sample=True) as found:
        found.answering |= _sample_personas(found.runtime)
        yield found


@dataclass
class Ward:
    """The hospital's web process and simulated line, started for the first test that needs them."""

    hospital: Hospital
    open: contextlib.ExitStack | None = None

    def start(self) -> None:
        if self.open is None:
            self.open = contextlib.ExitStack()
            self.open.enter_context(self.hospital.running("web", "simulator"))

    def stop(self) -> None:
        if self.open is not None:
            self.open.close()
            self.open = None


@pytest.fixture(scope="package")
def ward(prepared: Hospital) -> Iterator[Ward]:
    found = Ward(prepared)
    yield found
    found.stop()


@pytest.fixture
def running(ward: Ward) -> Hospital:
    """The hospital with its web process and simulated line."""
    ward.start()
    return ward.hospital


@pytest.fixture(scope="module")
def closed(ward: Ward) -> Hospital:
    """The same with nothing running but Rasa."""
    ward.stop()
    return ward.hospital


@pytest.fixture(scope="package")
def rasa(prepared: Hospital) -> Iterator[Rasa]:
    """Rasa, once it serves."""
    with stack.running(prepared.settings, ("rasa",), prepared.variables) as processes:
        yield Rasa(processes)


def _sample_personas(runtime: Runtime) -> dict[str, str]:
    """Persona by phone of the sample's due patients."""
    record, today = CoreRecord(), runtime.clock.now().astimezone(runtime.zone).date()
    chosen = Selection(
        campaign_id=new_id(), name="", source=PlanTasks(), filter=TaskSelection(template_key=SAMPLE_PLAN),
        today=today, zone=runtime.zone,
    )  # fmt: skip
    with runtime.sessions() as session:
        due = [one.patient_id for one in record.due_tasks(session, chosen, None, 500)]
        facts = record.contact_facts(session, due)
        willing = [one for one in due if not lasting_reasons(facts.get(one))]
        phones = [callee.phone_e164 for one in willing if (callee := record.callee(session, one, runtime.clock))]
        session.rollback()
    return {phone: SAMPLE_PERSONAS[number % len(SAMPLE_PERSONAS)] for number, phone in enumerate(phones)}
