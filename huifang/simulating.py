"""The simulated carrier as a process; it loads nothing of our own side."""

from pathlib import Path

from fastapi import FastAPI

from huifang import http_server, lifetime
from huifang.settings import LocalSecrets, Settings
from telephony.simulator import api

FOLDER = Path("simulator")
CALLS = FOLDER / "calls.db"
"""The carrier's own book, in the data directory."""


def simulator() -> None:
    """`huifang simulator`."""
    lifetime.end_with_parent()
    settings = Settings()
    app = simulator_app(settings, LocalSecrets.load_or_create(settings.data_dir))
    http_server.serve(app, settings.simulator_host, settings.simulator_port)


def simulator_app(settings: Settings, secrets: LocalSecrets) -> FastAPI:
    """The carrier's side, for a process of its own."""
    folder = settings.data_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return api.create_app(
        api.SimulatorSettings(
            auth_token=secrets.simulator_auth_token,
            account_sid=secrets.simulator_account_sid,
            pace=settings.simulator_pace,
            by_number=settings.simulator_personas,
            silent_voices=settings.simulator_silent_voices,
            only=settings.simulator_persona or None,
            store=settings.data_dir / CALLS,
            voices=folder / "voices",
            transcripts=settings.recognition not in {"vosk", "sherpa"},
            recordings=settings.simulator_recordings,
            noise_db=settings.simulator_noise_db,
        )
    )
