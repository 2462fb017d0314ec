"""Runs several processes as one: prefixed logs, readiness, restarts, and an end that takes grandchildren along."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from huifang.lifetime import SUPERVISED

POLL_SECONDS = 0.2
PROBE_TIMEOUT_SECONDS = 1.0
GRACE_SECONDS = 10.0
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
    """

    name: str
    command: Sequence[str]
    ready_url: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None
    shown: re.Pattern[str] = re.compile("")


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
    """

    def __init__(
        self,
        specs: Sequence[ChildSpec],
        on_ready: Callable[[], None] = lambda: None,
        write: Callable[[str], None] | None = None,
    ) -> None:
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

    def _loop(self) -> None:
        announced = False
        while not self._stopping.is_set():
            for child in self._children:
                self._tend(child)
            if not announced and all(child.ready for child in self._children):
                announced = True
                self._on_ready()
            self._stopping.wait(POLL_SECONDS)

    def _tend(self, child: _Child) -> None:
        if child.process is None:
            if time.monotonic() >= child.start_at:
                child.start()
        elif child.process.poll() is not None:
            self._bury(child)
        elif not child.ready:
            child.ready = _serves(child.spec.ready_url)

    def _bury(self, child: _Child) -> None:
        lived = time.monotonic() - child.started_at
        code = child.process.returncode if child.process else None
        child.signal_group(signal.SIGKILL)
        child.wait()
        was_ready = child.ready
        child.process, child.ready = None, False
        child.deaths = 1 if lived >= STEADY_SECONDS else child.deaths + 1
        if not was_ready and child.deaths >= MAX_EARLY_DEATHS:
            self._write(f"{child.spec.name} 反复无法启动（退出码 {code}），停止全部进程；原因见上方日志")
            self._failed = True
            self._stopping.set()
            return
        delay = min(2.0 ** (child.deaths - 1), MAX_BACKOFF_SECONDS)
        child.start_at = time.monotonic() + delay
        self._write(f"{child.spec.name} 已退出（退出码 {code}），{delay:.0f} 秒后重新启动")

    def _end(self) -> None:
        for child in self._children:
            child.signal_group(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline and any(child.has_group() for child in self._children):
            time.sleep(POLL_SECONDS / 4)
        for child in self._children:
            child.signal_group(signal.SIGKILL)
            child.wait()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def on_signal(_number: int, _frame: FrameType | None) -> None:
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


def _serves(url: str | None) -> bool:
    if url is None:
        return True
    try:
        with urllib.request.urlopen(url, timeout=PROBE_TIMEOUT_SECONDS):  # noqa: S310 - our own loopback address
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return error.code < 500  # noqa: PLR2004 - a server's error means it is not ready
    except OSError:
        return False


def _print_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
