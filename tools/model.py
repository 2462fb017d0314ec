"""The dialogue model, trained from the Rasa project and kept in the user's cache by the hash of its sources."""

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tools import environments
from tools.locations import ROOT, cache_dir, hash_of_files, only_one
from tools.progress import run_step

PROJECT = ROOT / "dialogs" / "rasa"
SOURCES = {".yml", ".yaml", ".py", ".txt"}
NOT_SOURCES = {"models", "__pycache__", ".rasa", "cache", "serve.py"}


def location() -> Path:
    """Where the model of the present sources lies or will lie."""
    return cache_dir() / "models" / f"{hash_of_files(_sources())}.tar.gz"


def ensure() -> Path:
    """Trains the model unless one of these very sources is in the cache; returns its file."""
    model = location()
    if model.exists():
        return model
    python = environments.ensure(environments.RASA)
    with only_one(f"model-{model.name}"):
        if not model.exists():
            _train(python, model)
    return model


def serve_command(python: Path, model: Path, host: str, port: int) -> list[str]:
    """What serves a model, in PROJECT as its working directory."""
    command = [str(python), "-m", "serve", "run", "--model", str(model)]
    command += ["--endpoints", "endpoints.yml", "--credentials", "credentials.yml"]
    return [*command, "-i", host, "-p", str(port)]


def rasa_environment() -> dict[str, str]:
    """Environment variables for every Rasa process: quiet, no telemetry, one thread per library."""
    return {
        **os.environ,
        "RASA_TELEMETRY_ENABLED": "false",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(PROJECT),
        "PYTHONWARNINGS": "ignore",
        "FORCE_JSON_LOGGING": "true",
    }


def _train(python: Path, model: Path) -> None:
    model.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=model.parent) as folder:
        command: list[str | Path] = [python, "-m", "rasa", "train", "--fixed-model-name", "model"]
        command += ["--out", folder, "--domain", _domain(), "--data", "data", "--config", "config.yml"]
        run_step("Dialogue model: train", command, cwd=PROJECT, env=rasa_environment(), meter=_meter)
        (Path(folder) / "model.tar.gz").replace(model)


def _domain() -> str:
    return "domain" if (PROJECT / "domain").is_dir() else "domain.yml"


def _meter(line: str) -> str | None:
    found = re.search(r"(Training|Finished training) component '(\w+)'", line)
    return f"{found[1].lower()} {found[2]}" if found else None


def _sources() -> Iterator[Path]:
    for path in PROJECT.rglob("*"):
        if path.suffix in SOURCES and not NOT_SOURCES & set(path.relative_to(PROJECT).parts):
            yield path
