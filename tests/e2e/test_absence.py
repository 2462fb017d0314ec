"""Rasa is not there at all. First in the package: no other test has started it."""

import pytest

from bench.hospital import Hospital

pytestmark = pytest.mark.voice


class TestRasaAbsentAtStart:
    @pytest.mark.timeout(400)
    def test_nobody_is_lost_and_people_are_told(self, running: Hospital) -> None:
        health = running.http.get("/api/health")
        assert (health.status_code, health.json()["status"], health.json()["rasa"]) == (200, "degraded", "down")
        running.due("absent", "satisfaction", cooperative=1, keys_only=1)
        campaign = running.campaign("absent")
        running.finish(campaign)
        ended = {one.disposition for one in running.attempts(campaign)}
        assert ended <= {"completed", "bot_unavailable", "partial", "silent"}
        assert "bot_unavailable" in ended
        assert {one.state for one in running.targets(campaign)} <= {"people", "done"}
        people = running.http.get("/api/people-list", params={"campaign_id": str(campaign)}).json()["items"]
        assert "系统未能应答" in {one["reason_label"] for one in people}
