"""The commands of the processes that `huifang run` supervises, and what Rasa needs in its environment."""

import os
import re
import socket
import sys
from dataclasses import replace
from pathlib import Path

from core_api.kit.errors import ServiceError
from huifang.settings import ROOT, LocalSecrets, Settings
from huifang.supervisor import ChildSpec
from tools import environments, model

SIMULATOR = "simulator"
# What the console shows of the logs; the whole lies in the data directory.
SHOWN = re.compile(r"\b(ERROR|CRITICAL|Traceback)\b|^\s*[•✓✗]|Dialogue model")

# Longer than dials under way (15 s), good-byes (8 s) and open requests (5 s) together.
OURS_GRACE_SECONDS = 35.0
LINE_GRACE_SECONDS = 4.0
RASA_GRACE_SECONDS = 3.0


class PortTaken(ServiceError):
    default_code = "port_taken"
    status = 503


def specs(settings: Settings) -> list[ChildSpec]:
    """Everything that has to run for these settings, first what takes longest to start.

    They end in the other direction: what makes calls first, then the line, then Rasa, which talks until the last call.
    """
    logs = settings.data_dir / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    rasa = _spec("rasa", f"{settings.rasa}/", logs)
    children = [replace(rasa, needs_preparation=False, ends_in=2, grace_seconds=RASA_GRACE_SECONDS)]
    if settings.carrier == SIMULATOR:
        line = _spec(SIMULATOR, f"{settings.simulator}/health", logs)
        children.append(replace(line, needs_preparation=False, ends_in=1, grace_seconds=LINE_GRACE_SECONDS))
    children.append(_spec("web", f"{settings.web_url}/api/health", logs))
    if not settings.runs_worker_in_process:
        children += [_spec("worker", None, logs), _spec("beat", None, logs)]
    return children


def check_ports(settings: Settings) -> None:
    """Refuses to start beside something else that holds our ports.

    Raises:
        PortTaken: Names the first port that is taken and the setting that changes it.
    """
    wanted = [
        (settings.web_host, settings.web_port, "HUIFANG_WEB_PORT"),
        (settings.rasa_host, settings.rasa_port, "HUIFANG_RASA_PORT"),
    ]
    if settings.carrier == SIMULATOR:
        wanted.append((settings.simulator_host, settings.simulator_port, "HUIFANG_SIMULATOR_PORT"))
    for host, port, variable in wanted:
        if _is_taken(host, port):
            raise PortTaken(f"端口 {port} 已被占用（可能已有一个 huifang 在运行）；可用 {variable} 换一个端口")


def become_rasa(settings: Settings) -> None:
    """Replaces this process by Rasa; trains the model first when its sources have changed."""
    python = environments.ensure(environments.RASA)
    trained = model.ensure()
    secrets = LocalSecrets.load_or_create(settings.data_dir)
    env = model.rasa_environment() | {
        "HUIFANG_RASA_ACTIONS_URL": f"{settings.web_url}/internal/rasa/actions",
        "HUIFANG_RASA_TOKEN": secrets.actions_token,
    }
    command = model.serve_command(python, trained, settings.rasa_host, settings.rasa_port)
    os.chdir(model.PROJECT)
    os.execve(python, command, env)  # noqa: S606 - our own environment's interpreter


def _spec(name: str, ready_url: str | None, logs: Path) -> ChildSpec:
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}
    command = (sys.executable, "-m", "huifang", name)
    return ChildSpec(name, command, ready_url, env, logs / f"{name}.log", SHOWN, grace_seconds=OURS_GRACE_SECONDS)


def _is_taken(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False
