"""A trained Rasa on a free loopback port, its actions served by this process."""

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from core_api.kit.web import Runtime, install_problem_handlers
from dialogs.api import RasaEngine, rasa_actions_router
from tools import environments, model

TOKEN = "test-token"
START_SECONDS = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class ActionServer:
    """Serves the actions over whichever runtime a test puts in."""

    app: FastAPI = field(default_factory=FastAPI)
    port: int = field(default_factory=free_port)

    def use(self, runtime: Runtime) -> None:
        self.app.state.runtime = runtime
        self.app.state.rasa_actions_token = TOKEN
        if hasattr(self.app.state, "rasa_executor"):
            del self.app.state.rasa_executor

    @contextmanager
    def running(self) -> Iterator[None]:
        install_problem_handlers(self.app)
        self.app.include_router(rasa_actions_router)
        server = uvicorn.Server(uvicorn.Config(self.app, port=self.port, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        yield
        server.should_exit = True
        thread.join(10)


@dataclass
class RasaProcess:
    """`rasa run` with the trained model."""

    actions: ActionServer
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        project = Path(model.PROJECT)
        python = os.environ.get("HUIFANG_TEST_RASA_PYTHON") or environments.ensure(environments.RASA)
        command = model.serve_command(Path(python), model.ensure(), "127.0.0.1", self.port)
        environment = {
            **model.rasa_environment(),
            "HUIFANG_RASA_ACTIONS_URL": f"http://127.0.0.1:{self.actions.port}/internal/rasa/actions",
            "HUIFANG_RASA_TOKEN": TOKEN,
        }
        self.process = subprocess.Popen(
            command, cwd=project, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        engine = RasaEngine(self.url, 2.0)
        try:
            self._wait(engine)
        finally:
            engine.close()

    def _wait(self, engine: RasaEngine) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not engine.healthy():
            assert self.process is not None
            assert self.process.poll() is None, "rasa run ended"
            assert time.monotonic() < deadline, "rasa run did not come up"
            time.sleep(0.3)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
            self.process = None
