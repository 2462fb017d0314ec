"""`huifang run`, ended by Ctrl-C while patients are on the line and telephones ring."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bench import stack
from bench.hospital import Hospital, wait_for
from campaigns import api as campaigns
from huifang.settings import ROOT

pytestmark = [pytest.mark.voice, pytest.mark.timeout(400)]

SLOWLY = {"HUIFANG_SIMULATOR_PACE": "2"}
END_SECONDS = 90


@pytest.fixture
def elsewhere(closed: Hospital) -> Iterator[Hospital]:
    """The hospital at ports of its own, since its Rasa may run at the usual ones."""
    own = {f"HUIFANG_{one}_PORT": str(stack.free_port()) for one in stack.PORTS}
    moved = {f"{one.lower()}_port": int(own[f"HUIFANG_{one}_PORT"]) for one in stack.PORTS}
    variables = {**closed.variables, **own, **SLOWLY, **closed.personas}
    moved_there = replace(closed, settings=closed.settings.model_copy(update=moved), variables=variables)
    yield moved_there
    moved_there.sign_out()


class TestCtrlC:
    @pytest.mark.covers("RC-OUT-05")
    def test_nothing_is_left_running_and_no_call_ends_as_a_fault_of_the_line(
        self, elsewhere: Hospital, tmp_path: Path
    ) -> None:
        said = tmp_path / "said.txt"
        with said.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "huifang", "run"], env={**os.environ, **elsewhere.variables}, cwd=ROOT,
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        try:
            stack.wait_for(f"{elsewhere.settings.web_url}/api/health", process)
            stack.wait_for(f"{elsewhere.settings.simulator}/health", process)
            elsewhere.due("ctrl-c", "satisfaction", never_answers=2, silent=2)
            campaign = elsewhere.campaign("ctrl-c")
            wait_for(lambda: elsewhere.on_the_line(campaign) >= 1, "a call on the line")
            wait_for(lambda: "ringing" in {one.state for one in elsewhere.calls(campaign)}, "a telephone that rings")
            family = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(signal.SIGINT)
            assert process.wait(END_SECONDS) == 0
        finally:
            process.kill()
        assert not [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
        assert all(one.ended_at is not None for one in elsewhere.calls(campaign))
        assert {one.disposition for one in elsewhere.attempts(campaign)} == {"interrupted"}
        assert {one.state for one in elsewhere.targets(campaign)} == {"retrying"}
        text = said.read_text("utf-8")
        assert text.index("正在结束 web") < text.index("正在结束 simulator") < text.index("正在结束 rasa")
        with elsewhere.runtime.sessions.begin() as session:
            campaigns.cancel(session, campaign, elsewhere.runtime.clock)
