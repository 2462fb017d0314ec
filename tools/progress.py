"""Says what each long step does, how far it is and how long it has taken."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

Meter = Callable[[str], str | None]
"""Reads one line of a command's output; a text to show as progress, or None."""

HEARTBEAT_SECONDS = 15.0


class StepFailed(Exception):
    """A step ended with an error; the message says which and what to do."""


def say(text: str) -> None:
    print(text, flush=True)


class _Heart:
    """Repeats the latest progress while a command is silent."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.latest = ""
        self._started = time.monotonic()
        self._shown = self._started
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()

    def elapsed_seconds(self) -> float:
        return time.monotonic() - self._started

    def show(self, text: str) -> None:
        self.latest = text
        if sys.stdout.isatty():
            print(f"\r\033[K  {self.title}: {text} ({self.elapsed_seconds():.0f} s)", end="", flush=True)
        elif time.monotonic() - self._shown >= HEARTBEAT_SECONDS:
            self._print()

    def stop(self) -> None:
        self._done.set()
        self._thread.join()
        if sys.stdout.isatty():
            print("\r\033[K", end="", flush=True)

    def _print(self) -> None:
        self._shown = time.monotonic()
        say(f"  {self.title}: {self.latest or 'working'} ({self.elapsed_seconds():.0f} s)")

    def _beat(self) -> None:
        while not self._done.wait(1.0):
            if sys.stdout.isatty():
                self.show(self.latest or "working")
            elif time.monotonic() - self._shown >= HEARTBEAT_SECONDS:
                self._print()


def run_step(
    title: str,
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    meter: Meter | None = None,
) -> None:
    """Runs a command, hiding its output unless it fails.

    Args:
        title: What the step does, shown before and after it.
        command: Program and arguments.
        cwd: Directory to run in.
        env: The whole environment, or None for this process's.
        meter: Turns output lines into progress.

    Raises:
        StepFailed: The command ended with another code than 0; carries its last lines.
    """
    say(f"• {title} ...")
    heart = _Heart(title)
    lines: list[str] = []
    try:
        with subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
        ) as process:
            for line in process.stdout or ():
                lines.append(line.rstrip())
                shown = meter(line) if meter else None
                if shown:
                    heart.show(shown)
    finally:
        heart.stop()
    if process.returncode != 0:
        tail = "\n".join(line for line in lines if not _is_noise(line))[-4000:]
        raise StepFailed(f"{title}: exit code {process.returncode}\n{tail}")
    say(f"  {title}: done in {heart.elapsed_seconds():.0f} s")


def _is_noise(line: str) -> bool:
    return "is ignored: it is neither a file nor a directory" in line
