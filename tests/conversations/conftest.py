"""One Rasa for the session."""

from collections.abc import Iterator

import pytest

from tests.conversations.rasa import ActionServer, RasaProcess


@pytest.fixture(scope="session")
def rasa() -> Iterator[RasaProcess]:
    actions = ActionServer()
    process = RasaProcess(actions)
    with actions.running():
        try:
            process.start()
            yield process
        finally:
            process.stop()
