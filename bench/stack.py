"""The service's own processes for a benchmark: settings of its own, free ports, everything ended at the end."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core_api.kit.web import Runtime
from huifang import demo, processes, store
from huifang.settings import ROOT, Settings
from huifang.supervisor import Supervisor

READY_SECONDS = 240.0
POLL_SECONDS = 0.1
PORTS = ("WEB", "RASA", "SIMULATOR")


@contextlib.contextmanager
def settings_in(folder: Path, variables: Mapping[str, str]) -> Iterator[Settings]:
    """Settings of a data directory, with free ports; the environment is as before at the end."""
    chosen = {f"HUIFANG_{name}_PORT": str(free_port()) for name in PORTS}
    chosen |= {"HUIFANG_DATA_DIR": str(folder), "HUIFANG_LOG_LEVEL": "WARNING", **variables}
    before = {name: os.environ.get(name) for name in chosen}
    os.environ.update(chosen)
    try:
        yield Settings()
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@contextlib.contextmanager
def initialised(folder: Path, variables: Mapping[str, str]) -> Iterator[tuple[Settings, Runtime]]:
    """A database with schema, accounts, questionnaires and templates; no process yet."""
    with settings_in(folder, variables) as settings:
        with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
            demo.initialise(settings)
        with store.opened(settings) as runtime:
            yield settings, runtime


@contextlib.contextmanager
def running(
    settings: Settings, names: Sequence[str], variables: Mapping[str, str] | None = None
) -> Iterator[Supervisor]:
    """The named processes (a name twice: two of them) under the supervisor, from when they serve to the end.

    Args:
        settings: As the processes find them in the environment and in `variables`.
        names: Of processes.
        variables: Added to the environment of the processes.

    Raises:
        TimeoutError: They were not ready in time; their logs lie in the data directory.
    """
    ready = threading.Event()
    added = variables or {}
    known = {spec.name: replace(spec, env={**spec.env, **added}) for spec in processes.specs(settings)}
    specs = [known[name] for name in names]
    supervisor = Supervisor(specs, on_ready=ready.set)
    thread = threading.Thread(target=supervisor.run, name="bench-supervisor")
    thread.start()
    try:
        until = time.monotonic() + READY_SECONDS
        while not ready.wait(POLL_SECONDS):
            if time.monotonic() > until or not thread.is_alive():
                raise TimeoutError(", ".join(names))
        yield supervisor
    finally:
        supervisor.stop()
        thread.join()


@contextlib.contextmanager
def module(name: str, *arguments: str, variables: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """A Python module of ours as a process, ended at the end; its output can be read."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **(variables or {})}
    command = [sys.executable, "-m", name, *arguments]
    with subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for(url: str, *processes: "subprocess.Popen[Any]") -> None:
    """Waits until a URL of this machine answers.

    Raises:
        OSError: It does not within READY_SECONDS, or one of the processes has ended.
    """
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own loopback address
                return
        except OSError:
            if time.monotonic() > deadline or any(one.poll() is not None for one in processes):
                raise
            time.sleep(0.2)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
