"""A world to run campaigns in."""

import pytest

from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions
from tests.campaigns.world import World


@pytest.fixture
def world(sessions: Sessions, clock: FixedClock) -> World:
    return World(sessions, clock)
