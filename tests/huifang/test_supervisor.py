import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from core_api.kit.errors import Invalid
from huifang.supervisor import MAX_EARLY_DEATHS, ChildSpec, Supervisor

PATIENCE_SECONDS = 20.0

PARENT_OF_SLEEPER = """
import pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN) if {stubborn} else None
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
time.sleep(300)
"""


def python(code: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code, *arguments)


def wait_for(condition: object) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.02)
    message = "did not happen in time"
    raise AssertionError(message)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"


@pytest.fixture
def lines() -> list[str]:
    return []


class TestRun:
    def test_ends_children_and_their_children(self, tmp_path: Path, lines: list[str]) -> None:
        pid_file = tmp_path / "pid"
        spec = ChildSpec("deep", python(PARENT_OF_SLEEPER.format(stubborn=False), str(pid_file)))
        supervisor = Supervisor([spec], write=lines.append)
        thread = threading.Thread(target=supervisor.run)
        thread.start()
        wait_for(lambda: pid_file.exists() and pid_file.read_text())
        grandchild = int(pid_file.read_text())
        assert is_running(grandchild)
        supervisor.stop()
        thread.join(PATIENCE_SECONDS)
        wait_for(lambda: not is_running(grandchild))

    def test_prefixes_output_with_the_name(self, lines: list[str]) -> None:
        spec = ChildSpec("loud", python("import time; print('hello', flush=True); time.sleep(300)"))
        supervisor = Supervisor([spec], write=lines.append)
        thread = threading.Thread(target=supervisor.run)
        thread.start()
        wait_for(lambda: any("loud │ hello" in line for line in lines))
        supervisor.stop()
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()

    def test_starts_a_dead_child_again(self, tmp_path: Path, lines: list[str]) -> None:
        code = "import pathlib, sys; p = pathlib.Path(sys.argv[1]); p.write_text(p.read_text() + 'x')"
        count = tmp_path / "count"
        count.write_text("")
        supervisor = Supervisor([ChildSpec("brief", python(code, str(count)))], write=lines.append)
        thread = threading.Thread(target=supervisor.run)
        thread.start()
        wait_for(lambda: len(count.read_text()) >= 2)
        supervisor.stop()
        thread.join(PATIENCE_SECONDS)
        assert any("重新启动" in line for line in lines)

    def test_gives_up_on_a_child_that_never_serves(self, lines: list[str]) -> None:
        spec = ChildSpec("broken", python("raise SystemExit(3)"), ready_url="http://127.0.0.1:9/")
        code = Supervisor([spec], write=lines.append).run()
        assert code == 1
        assert any("退出码 3" in line for line in lines)

    def test_does_not_give_up_on_one_that_is_killed_from_outside(self, tmp_path: Path, lines: list[str]) -> None:
        code = "import os, pathlib, sys; open(sys.argv[1], 'a').write('x'); os.kill(os.getpid(), 9)"
        count = tmp_path / "count"
        count.write_text("")
        spec = ChildSpec("killed", python(code, str(count)), ready_url="http://127.0.0.1:9/")
        supervisor = Supervisor([spec], write=lines.append)
        thread = threading.Thread(target=supervisor.run)
        thread.start()
        wait_for(lambda: len(count.read_text()) > MAX_EARLY_DEATHS)
        supervisor.stop()
        thread.join(PATIENCE_SECONDS)
        assert not any("反复无法启动" in line for line in lines)

    def test_announces_once_everything_serves(self, lines: list[str]) -> None:
        ready = threading.Event()
        spec = ChildSpec("quick", python("import time; time.sleep(300)"))
        supervisor = Supervisor([spec], on_ready=ready.set, write=lines.append)
        thread = threading.Thread(target=supervisor.run)
        thread.start()
        assert ready.wait(PATIENCE_SECONDS)
        supervisor.stop()
        thread.join(PATIENCE_SECONDS)

    def test_ctrl_c_ends_it_with_code_0(self, lines: list[str]) -> None:
        spec = ChildSpec("any", python("import time; time.sleep(300)"))
        supervisor = Supervisor([spec], on_ready=lambda: os.kill(os.getpid(), signal.SIGINT), write=lines.append)
        assert supervisor.run() == 0


RECORDS_ITS_END = """
import pathlib, signal, sys, time
def end(*_):
    time.sleep(float(sys.argv[2]))
    with pathlib.Path(sys.argv[1]).open("a") as ends: ends.write(sys.argv[3] + " ")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
time.sleep(300)
"""
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(300)"
)


class TestEnd:
    def test_ends_in_order_and_waits_for_those_before(self, tmp_path: Path, lines: list[str]) -> None:
        ends = tmp_path / "ends"
        specs = [
            ChildSpec("rasa", python(RECORDS_ITS_END, str(ends), "0", "rasa"), ends_in=2),
            ChildSpec("line", python(RECORDS_ITS_END, str(ends), "0.1", "line"), ends_in=1),
            ChildSpec("web", python(RECORDS_ITS_END, str(ends), "0.6", "web")),
        ]
        supervisor = Supervisor(specs, write=lines.append)
        thread = threading.Thread(target=supervisor.run)
        thread.start()
        wait_for(lambda: sum(line.endswith("│ up") for line in lines) == 3)
        supervisor.stop()
        thread.join(PATIENCE_SECONDS)
        assert ends.read_text() == "web line rasa "
        assert next(line for line in lines if "正在结束" in line).startswith("• 正在结束 web")

    def test_kills_what_outlives_its_grace(self, lines: list[str]) -> None:
        supervisor = Supervisor([ChildSpec("stubborn", python(STUBBORN), grace_seconds=0.5)], write=lines.append)
        thread = threading.Thread(target=supervisor.run)
        thread.start()
        wait_for(lambda: any(line.endswith("│ up") for line in lines))
        supervisor.stop()
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()

    def test_a_second_ctrl_c_ends_it_at_once(self, lines: list[str]) -> None:
        spec = ChildSpec("stubborn", python(STUBBORN), grace_seconds=300)

        def twice(line: str) -> None:
            lines.append(line)
            if line.endswith("│ up") or "正在结束" in line:
                os.kill(os.getpid(), signal.SIGINT)

        began = time.monotonic()
        assert Supervisor([spec], write=twice).run() == 0
        assert time.monotonic() - began < PATIENCE_SECONDS


class TestPreparation:
    def test_runs_beside_those_who_need_none(self, lines: list[str]) -> None:
        early, ready = threading.Event(), threading.Event()

        def write(line: str) -> None:
            lines.append(line)
            if "early │ up" in line:
                early.set()

        up = python("import time; print('up', flush=True); time.sleep(300)")
        specs = [ChildSpec("early", up, needs_preparation=False), ChildSpec("late", up)]
        supervisor = Supervisor(
            specs, write=write, on_ready=ready.set, prepare=lambda: lines.append(f"prepared {early.wait(20)}")
        )
        thread = threading.Thread(target=supervisor.run)
        thread.start()
        assert ready.wait(PATIENCE_SECONDS)
        wait_for(lambda: any("late │ up" in line for line in lines))
        supervisor.stop()
        thread.join(PATIENCE_SECONDS)
        shown = [line for line in lines if "up" in line or line.startswith("prepared")]
        assert [line.strip() for line in shown] == ["early │ up", "prepared True", "late │ up"]

    def test_that_fails_ends_everything_and_says_why(self, lines: list[str]) -> None:
        def fails() -> None:
            raise Invalid("没有这个文件夹")

        spec = ChildSpec("any", python("import time; time.sleep(300)"), needs_preparation=False)
        assert Supervisor([spec], write=lines.append, prepare=fails).run() == 1
        assert any("没有这个文件夹" in line for line in lines)
