"""Runs several processes as one: prefixed logs, readiness, restarts, an end in order that takes grandchildren along."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from core_api.kit.errors import ServiceError
from core_api.kit.faults import described
from huifang.lifetime import SUPERVISED
from huifang.probing import responds

POLL_SECONDS = 0.2
MAX_BACKOFF_SECONDS = 30.0
STEADY_SECONDS = 60.0
MAX_EARLY_DEATHS = 3
READER_SECONDS = 2.0


@dataclass(frozen=True)
class ChildSpec:
    """One process to keep running.

    Attributes:
        name: Shown before each of its log lines.
        command: Program and arguments.
        ready_url: Answers below 500 once the process serves; None: ready when started.
        env: Added to this process's environment.
        log: File that takes all its output; None: everything is shown.
        shown: With a log, only lines in which this is found are shown too.
        needs_preparation: Started only once the preparation is done; others start at once.
        ends_in: Children are ended in the order of this number, those of one number together.
        grace_seconds: How long it may take to end.
    """

    name: str
    command: Sequence[str]
    ready_url: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None
    shown: re.Pattern[str] = re.compile("")
    needs_preparation: bool = True
    ends_in: int = 0
    grace_seconds: float = 10.0


class _Child:
    """A running process of a spec, in a process group of its own."""

    def __init__(self, spec: ChildSpec, write: Callable[[str], None]) -> None:
        self.spec = spec
        self.ready = False
        self.deaths = 0
        self.start_at = 0.0
        self.started_at = 0.0
        self.process: subprocess.Popen[str] | None = None
        self._write = write
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        self.started_at = time.monotonic()
        self.ready = self.spec.ready_url is None
        self.process = subprocess.Popen(  # noqa: S603 - our own commands
            list(self.spec.command),
            env={**os.environ, **self.spec.env, SUPERVISED: str(os.getpid())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._copy_output, args=(self.process,), daemon=True)
        self._reader.start()

    def signal_group(self, number: signal.Signals) -> None:
        """Signals the whole group, so that a grandchild that outlives its parent is reached too."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def has_group(self) -> bool:
        """Whether any process of the group is left."""
        if self.process is None:
            return False
        self.process.poll()
        try:
            os.killpg(self.process.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def wait(self) -> None:
        """Waits for the killed process and the last of its output."""
        if self.process is not None:
            self.process.wait()
        if self._reader is not None:
            self._reader.join(READER_SECONDS)

    def _copy_output(self, process: subprocess.Popen[str]) -> None:
        if process.stdout is None:
            return
        with process.stdout as output, (self.spec.log or Path(os.devnull)).open("a", encoding="utf-8") as log:
            for line in output:
                log.write(line)
                log.flush()
                if self.spec.log is None or self.spec.shown.search(line):
                    self._write(f"{self.spec.name:>9} │ {line.rstrip()}")


class Supervisor:
    """Keeps children running until SIGINT or SIGTERM.

    Args:
        specs: What to run.
        on_ready: Called once, when every child serves.
        write: Takes finished lines.
        prepare: Runs beside the children that need no preparation; its failure ends everything.
    """

    def __init__(
        self,
        specs: Sequence[ChildSpec],
        on_ready: Callable[[], None] = lambda: None,
        write: Callable[[str], None] | None = None,
        prepare: Callable[[], None] = lambda: None,
    ) -> None:
        self._prepare = prepare
        self._prepared = threading.Event()
        self._hurry = threading.Event()
        self._write = write or _print_line
        self._children = [_Child(spec, self._write) for spec in specs]
        self._on_ready = on_ready
        self._stopping = threading.Event()
        self._failed = False

    def run(self) -> int:
        """Blocks until told to stop; returns the exit code (1 when a child could not be started for good)."""
        with self._signals():
            try:
                self._loop()
            finally:
                self._end()
        return 1 if self._failed else 0

    def stop(self) -> None:
        self._stopping.set()

    def pids(self, name: str) -> list[int]:
        """The processes of a child that run now."""
        running = [child.process for child in self._children if child.spec.name == name and child.process is not None]
        return [process.pid for process in running if process.poll() is None]

    def serves(self, name: str) -> bool:
        """Whether every process of a child has answered since it was last started."""
        return all(child.ready for child in self._children if child.spec.name == name)

    def _loop(self) -> None:
        announced = False
        threading.Thread(target=self._run_preparation, name="prepare", daemon=True).start()
        while not self._stopping.is_set():
            for child in self._children:
                if self._prepared.is_set() or not child.spec.needs_preparation:
                    self._tend(child)
            if not announced and all(child.ready for child in self._children):
                announced = True
                self._on_ready()
            self._stopping.wait(POLL_SECONDS)

    def _run_preparation(self) -> None:
        try:
            self._prepare()
        except Exception as error:  # noqa: BLE001 - the edge of the preparation: whatever it is, nothing may start
            told = error.message if isinstance(error, ServiceError) else described(error)
            self._fail(f"✗ 准备失败，停止全部进程：{told}")
        else:
            self._prepared.set()

    def _fail(self, line: str) -> None:
        self._write(line)
        self._failed = True
        self._stopping.set()

    def _tend(self, child: _Child) -> None:
        if child.process is None:
            if time.monotonic() >= child.start_at:
                child.start()
        elif child.process.poll() is not None:
            self._bury(child)
        elif not child.ready:
            child.ready = responds(child.spec.ready_url or "")

    def _bury(self, child: _Child) -> None:
        lived = time.monotonic() - child.started_at
        code = child.process.returncode if child.process else None
        child.signal_group(signal.SIGKILL)
        child.wait()
        was_ready = child.ready
        child.process, child.ready = None, False
        child.deaths = 1 if lived >= STEADY_SECONDS else child.deaths + 1
        # Who is killed from outside, as for want of memory, is not at fault and may be able to start.
        if not was_ready and code != -signal.SIGKILL and child.deaths >= MAX_EARLY_DEATHS:
            where = f"原因见 {child.spec.log}" if child.spec.log else "原因见上方日志"
            self._fail(f"{child.spec.name} 反复无法启动（退出码 {code}），停止全部进程；{where}")
            return
        delay = min(2.0 ** (child.deaths - 1), MAX_BACKOFF_SECONDS)
        child.start_at = time.monotonic() + delay
        self._write(f"{child.spec.name} 已退出（退出码 {code}），{delay:.0f} 秒后重新启动")

    def _end(self) -> None:
        began = time.monotonic()
        for number in sorted({child.spec.ends_in for child in self._children}):
            self._end_together([child for child in self._children if child.spec.ends_in == number])
        self._write(f"全部进程已结束（{time.monotonic() - began:.1f} 秒）")

    def _end_together(self, children: Sequence[_Child]) -> None:
        running = [child for child in children if child.has_group()]
        if running:
            names = "、".join(child.spec.name for child in running)
            self._write(f"• 正在结束 {names} ……（再按一次 Ctrl-C 立即结束）")
        for child in running:
            child.signal_group(signal.SIGTERM)
        deadline = time.monotonic() + max((child.spec.grace_seconds for child in running), default=0.0)
        while time.monotonic() < deadline and any(child.has_group() for child in running):
            if self._hurry.wait(POLL_SECONDS / 4):
                break
        for child in children:
            child.signal_group(signal.SIGKILL)
            child.wait()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def on_signal(_number: int, _frame: FrameType | None) -> None:
            if self._stopping.is_set():
                self._hurry.set()
            self._stopping.set()

        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, on_signal) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _print_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
