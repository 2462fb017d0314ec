"""Python environments, built once per machine from lock files and kept in the user's cache directory."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.locations import ROOT, cache_dir, hash_of_lock, only_one, remove
from tools.progress import StepFailed, run_step

COMPLETE = ".complete"


@dataclass(frozen=True)
class Environment:
    """One environment: its name, which names its lock file too, and its Python version."""

    name: str
    python: str

    @property
    def lock(self) -> Path:
        return ROOT / "env" / f"{self.name}.lock"

    @property
    def directory(self) -> Path:
        return cache_dir() / "env" / f"{self.name}-{hash_of_lock(self.lock)}"

    @property
    def interpreter(self) -> Path:
        return self.directory / "bin" / "python"

    def is_complete(self) -> bool:
        return (self.directory / COMPLETE).exists()


MAIN = Environment("main", "3.11")
DEV = Environment("dev", "3.11")
RASA = Environment("rasa", "3.10")
ENCODER = Environment("encoder", "3.11")


def find_python(version: str) -> Path:
    """Finds a Python of that version on PATH or among pyenv's.

    Raises:
        StepFailed: There is none; the message says how to get one.
    """
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates = sorted(root.glob(f"versions/{version}.*/bin/python{version}"), reverse=True)
    on_path = shutil.which(f"python{version}")
    for candidate in [*([Path(on_path)] if on_path else []), *candidates]:
        if _answers(candidate, version):
            return candidate
    raise StepFailed(
        f"Python {version} is missing. Install it (Debian 12: `apt-get install python3-venv` for 3.11; "
        f"`pyenv install {version}` otherwise) and start again."
    )


def _answers(python: Path, version: str) -> bool:
    # A pyenv shim exists for every version and fails for those that are not selected.
    probe = "import sys, ensurepip; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([str(python), "-c", probe], capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.strip() == version


def ensure(environment: Environment) -> Path:
    """Builds the environment unless it is complete; returns its interpreter."""
    if environment.is_complete():
        return environment.interpreter
    with only_one(environment.directory.name):
        if not environment.is_complete():
            _build(environment)
    return environment.interpreter


def _build(environment: Environment) -> None:
    # Scripts in a venv carry its path, so it is built in place and counts only once the marker is written.
    remove(environment.directory)
    environment.directory.parent.mkdir(parents=True, exist_ok=True)
    python = find_python(environment.python)
    title = f"Python environment {environment.name}"
    run_step(f"{title}: create with {python}", [python, "-m", "venv", environment.directory])
    command: list[str | Path] = [environment.interpreter, "-m", "pip", "install", "--disable-pip-version-check"]
    # The locks are complete, and made with overrides that pip would refuse were it to resolve them again.
    command += ["--no-deps", "--require-hashes", "--progress-bar", "off", "--no-input"]
    meter = _PipMeter(environment.lock)
    run_step(f"{title}: install {meter.total} packages", [*command, "-r", environment.lock], meter=meter)
    (environment.directory / COMPLETE).touch()


class _PipMeter:
    """Counts the packages that pip collects."""

    def __init__(self, lock: Path) -> None:
        self.total = len(re.findall(r"(?m)^[A-Za-z0-9].*==", lock.read_text(encoding="utf-8")))
        self._seen = 0

    def __call__(self, line: str) -> str | None:
        if line.startswith("Collecting "):
            self._seen += 1
            return f"{min(self._seen, self.total)} of {self.total} fetched"
        return "unpacking" if line.startswith("Installing collected packages") else None
