"""The real web process with the sample export in it, in a process of its own; no Rasa and no carrier."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from huifang import demo
from huifang.settings import ROOT, Settings

START_SECONDS = 60.0


@dataclass(frozen=True)
class LiveServer:
    """Where the pages are, and a password for each role."""

    url: str
    accounts: Mapping[str, tuple[str, str]]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(data_dir: Path) -> Iterator[LiveServer]:
    """Prepares a database as the first start does, and serves it until the block ends."""
    settings = Settings(data_dir=data_dir, web_port=_free_port())
    accounts = {role: (username, password) for username, password, role in demo.prepare(settings)}
    variables = {"HUIFANG_DATA_DIR": str(data_dir), "HUIFANG_WEB_PORT": str(settings.web_port)}
    log = (data_dir / "web.log").open("wb")
    command = [sys.executable, "-m", "huifang", "web"]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **variables}, stdout=log, stderr=log)
    try:
        _wait(settings.web_port, process, data_dir / "web.log")
        yield LiveServer(settings.web_url, accounts)
    finally:
        process.terminate()
        process.wait(15)
        log.close()


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Returns once it answers, if only to say that Rasa is away."""
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/api/health")
            connection.getresponse()
        except OSError:
            time.sleep(0.2)
        else:
            return
        finally:
            connection.close()
    message = f"the web process did not start: {log.read_text('utf-8', 'replace')[-2000:]}"
    raise RuntimeError(message)
