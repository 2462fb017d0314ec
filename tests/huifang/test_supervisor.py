import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from huifang.supervisor import ChildSpec, Supervisor

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
