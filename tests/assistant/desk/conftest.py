"""The desk's world, and its HTTP."""

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from assistant import api as assistant
from core_api.alerts.endpoints import router as alerts_router
from core_api.kit.clock import FixedClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Sessions
from core_api.kit.web import CurrentUser, Runtime, install_problem_handlers
from tests.assistant.desk.world import World

As = Callable[..., TestClient]
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def world(sessions: Sessions, clock: FixedClock) -> World:
    """One queue for everything, a nurse and a doctor on duty day and night, both accepting."""
    made = World(sessions, clock)
    made.user("nurse", "nurse")
    made.user("doctor", "clinician")
    made.user("admin", "administrator")
    made.queue("客服", members=("nurse", "doctor"))
    for name in ("nurse", "doctor"):
        made.duty(name, "客服")
    made.accept("nurse", "doctor")
    return made


@pytest.fixture(scope="session")
def desk_app() -> FastAPI:
    """The desk's routes; building them is what takes time, so that every test shares them."""
    app = FastAPI()
    for router in (*assistant.routers, alerts_router):
        app.include_router(router)
    install_problem_handlers(app)
    return app


@pytest.fixture
def as_user(world: World, desk_app: FastAPI, keyring: Keyring, tmp_path: Path) -> As:
    """A client of the desk's API signed in as somebody."""
    actors: dict[str, CurrentUser] = {}

    def authenticate(_session: Session, token: str) -> CurrentUser | None:
        return actors.get(token)

    desk_app.state.runtime = Runtime(world.sessions, world.clock, ZONE, keyring, tmp_path)
    desk_app.state.authenticate = authenticate

    def client(name: str, *roles: str) -> TestClient:
        actors[name] = world.actor(name, *roles)
        return TestClient(desk_app, headers={"authorization": f"Bearer {name}"})

    return client
