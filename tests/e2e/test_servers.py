"""The same on PostgreSQL and Redis, with web, workers and beat as processes of their own."""

import shutil
from collections.abc import Iterator

import pytest
import redis

from bench import databases
from bench.hospital import Hospital, hospital, wait_for
from tests.e2e.conftest import Rasa
from tests.servers import REDIS_URL, SERVERS

pytestmark = [pytest.mark.voice, pytest.mark.dialogue, pytest.mark.db, pytest.mark.timeout(600)]

BROKER = f"{REDIS_URL.rpartition('/')[0]}/9"


@pytest.fixture(scope="module")
def apart(closed: Hospital, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """A second hospital at the first one's address, so that its Rasa serves both in turn."""
    folder = tmp_path_factory.mktemp("apart")
    shutil.copyfile(closed.settings.data_dir / "secrets.json", folder / "secrets.json")
    with redis.Redis.from_url(BROKER) as broker, databases.database(SERVERS["postgresql"]) as url:
        broker.flushdb()
        variables = {**closed.ports, "HUIFANG_DATABASE_URL": url, "HUIFANG_BROKER_URL": BROKER}
        with (
            hospital(folder, variables) as found,
            found.running("web", "simulator", "worker", "worker", "beat"),
        ):
            yield found
        broker.flushdb()


class TestWorkerKilled:
    @pytest.mark.covers("RC-OUT-02", "RC-OUT-05")
    def test_another_takes_over_and_nobody_is_dialled_twice(self, apart: Hospital, rasa: Rasa) -> None:
        assert rasa.serves()
        assert apart.http.get("/api/health").json()["worker"] == "separate"
        apart.due("apart", "satisfaction", cooperative=3, keys_only=1, busy_line=1, wrong_number=1)
        campaign = apart.campaign("apart", max_concurrent=3)
        wait_for(lambda: apart.on_the_line(campaign) >= 1, "a call on the line")
        apart.kill("worker")
        apart.finish(campaign, 400)
        states = [one.state for one in apart.targets(campaign)]
        assert sorted(states) == ["done"] * 4 + ["people"] * 2
        assert {one.last_disposition for one in apart.targets(campaign)} == {"completed", "busy", "wrong_number"}
