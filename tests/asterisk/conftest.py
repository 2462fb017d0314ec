"""Two real Asterisks, once for all tests: `make test-asterisk`."""

from collections.abc import Iterator

import pytest

from tests.asterisk.hospital import speech
from tests.asterisk.pbx import Asterisk, exchanges


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Asterisk, Asterisk]]:
    folder = tmp_path_factory.mktemp("asterisk")
    speech(folder)
    with exchanges(folder) as running:
        yield running


@pytest.fixture(scope="session")
def detecting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Asterisk, Asterisk]]:
    """With AMD(), by the line of extensions.conf that is a comment there."""
    folder = tmp_path_factory.mktemp("detecting")
    speech(folder)
    plain = " same => n,Dial(PJSIP/${NUMBER}@${TRUNK},${HUIFANG_RING_SECONDS})\n; same => n,Dial("
    with exchanges(folder, {plain: " same => n,Dial("}) as running:
        yield running


@pytest.fixture(scope="session")
def mulaw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Asterisk, Asterisk]]:
    """A network that speaks mu-law only."""
    folder = tmp_path_factory.mktemp("mulaw")
    speech(folder)
    with exchanges(folder, trunk={"allow = alaw": "allow = ulaw"}) as running:
        yield running
