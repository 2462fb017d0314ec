"""What the machine was doing while a figure was taken: load, cores, our processes and everybody else's."""

import os
import platform
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil

SAMPLE_SECONDS = 0.5
MIB = 1 << 20


def describe() -> dict[str, object]:
    """The machine as results.json keeps it."""
    return {
        "cpus": os.cpu_count(),
        "processor": _processor(),
        "memory_gib": round(psutil.virtual_memory().total / (1 << 30), 1),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
    }


@dataclass
class Seen:
    """What was seen of one process."""

    name: str
    cpu_seconds: float
    peak_mib: float


class Watch:
    """Samples this process and its descendants while it is open; what was used before counts for nobody."""

    def __init__(self) -> None:
        self.load_at_start = os.getloadavg()[0]
        self.seconds = 0.0
        self._seen: dict[int, Seen] = {}
        self._before: dict[int, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bench-watch", daemon=True)

    def __enter__(self) -> "Watch":
        self._begun, self._busy = time.monotonic(), _busy_seconds()
        self._before = {one.pid: _cpu_seconds(one) for one in _family()}
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._sample()
        self.seconds = time.monotonic() - self._begun
        self._busy = _busy_seconds() - self._busy

    def cpus(self) -> dict[str, float]:
        """CPUs used on average, by process name."""
        found: dict[str, float] = {}
        for seen in self._seen.values():
            found[seen.name] = found.get(seen.name, 0.0) + seen.cpu_seconds / self.seconds
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def other_cpus(self) -> float:
        """CPUs that everybody else used on average."""
        return max(0.0, self._busy / self.seconds - sum(self.cpus().values()))

    def peak_mib(self) -> dict[str, float]:
        """The most resident memory by process name, of the largest where there are several."""
        found: dict[str, float] = {}
        for seen in self._seen.values():
            found[seen.name] = max(found.get(seen.name, 0.0), seen.peak_mib)
        return found

    def summary(self) -> str:
        """For people: whose CPU it was."""
        used = ", ".join(f"{name} {cpus:.2f}" for name, cpus in self.cpus().items() if cpus >= 0.01)
        return f"load at start {self.load_at_start:.1f}; CPUs: {used or 'none'}; others {self.other_cpus():.2f}"

    def row(self) -> dict[str, object]:
        return {
            "load_at_start": round(self.load_at_start, 2),
            "seconds": round(self.seconds, 1),
            "cpus": {name: round(cpus, 3) for name, cpus in self.cpus().items()},
            "other_cpus": round(self.other_cpus(), 3),
            "peak_mib": {name: round(mib) for name, mib in self.peak_mib().items()},
        }

    def _run(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            self._sample()

    def _sample(self) -> None:
        for process in _family():
            try:
                cpu, mib = _cpu_seconds(process), process.memory_info().rss / MIB
                seen = self._seen.setdefault(process.pid, Seen(_name(process), 0.0, 0.0))
                if seen.name == STARTING:
                    seen.name = _name(process)
            except psutil.Error:
                continue
            seen.cpu_seconds = cpu - self._before.get(process.pid, 0.0)
            seen.peak_mib = max(seen.peak_mib, mib)


STARTING = "python"
NAMES = ("web", "rasa", "simulator", "worker", "beat", "import")


def _family() -> Iterator[psutil.Process]:
    me = psutil.Process()
    yield me
    yield from me.children(recursive=True)


def _cpu_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def _busy_seconds() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


def _name(process: psutil.Process) -> str:
    """A short name: our own commands by what follows `huifang`, programs by theirs."""
    if process.pid == os.getpid():
        return "bench"
    words = process.cmdline() or [process.name()]
    if "huifang" in words:
        return next((word for word in words[words.index("huifang") + 1 :] if word in NAMES), "huifang")
    if "rasa" in words or "serve" in words:
        return "rasa"
    modules = [word for word in words if word.startswith("bench.")]
    return modules[0].removeprefix("bench.") if modules else Path(words[0].split(":")[0]).name


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
