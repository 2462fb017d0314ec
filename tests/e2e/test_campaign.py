"""The sample campaign from its first call to its end: what the whole product is for."""

import io
from uuid import UUID

import numpy as np
import pytest
from pydub import AudioSegment

from bench.hospital import Hospital, wait_for
from tests.e2e.conftest import SAMPLE_PLAN, Rasa

pytestmark = [pytest.mark.voice, pytest.mark.dialogue]

SILENT_DBFS = -45.0
FULL_SCALE = 32_767
MOST_CLIPPED = 0.001


class TestSampleCampaign:
    @pytest.mark.covers("TX-3.03-1", "TX-3.05-1", "TX-3.06-1a", "RC-OUT-01", "RC-OUT-02", "RC-OUT-04")
    @pytest.mark.timeout(600)
    def test_runs_to_its_end(self, running: Hospital, rasa: Rasa) -> None:
        assert rasa.serves()
        campaign = running.campaign(SAMPLE_PLAN, max_concurrent=5)
        wait_for(lambda: len(running.targets(campaign)) > 0, "targets")
        running.finish(campaign, 400)
        told = running.http.get(f"/api/campaigns/{campaign}").json()
        assert (told["status"], told["counts"]["total"]) == (
            "finished",
            told["counts"]["done"] + told["counts"]["people"],
        )
        assert told["counts"]["done"] >= 3
        outcomes = {one.disposition for one in running.attempts(campaign)}
        assert outcomes >= {"completed", "no_answer", "busy", "voicemail", "wrong_number", "callback"}
        people = running.http.get("/api/people-list", params={"campaign_id": str(campaign)}).json()
        assert len(people["items"]) == told["counts"]["people"]
        assert all(one["attempts"] for one in people["items"])

        self._raised_an_alert(running)
        self._was_recorded(running, campaign)

    def _raised_an_alert(self, running: Hospital) -> None:
        (alert, *_) = running.http.get("/api/alerts").json()["items"]
        call = running.http.get(f"/api/calls/{alert['call_id']}").json()
        values = {one["link_id"]: one["value"] for one in call["answers"]}
        assert values["fever"] is True
        assert float(values["temperature"]) == 38.5

    def _was_recorded(self, running: Hospital, campaign: UUID) -> None:
        """Both sides are heard, and neither is clipped."""
        completed = [one for one in running.calls(campaign) if one.disposition == "completed"]
        for call in completed[:3]:
            answer = running.http.get(f"/api/calls/{call.id}/audio")
            assert answer.status_code == 200
            audio = AudioSegment.from_file(io.BytesIO(answer.content))
            assert audio.channels == 2
            for side in audio.set_frame_rate(8000).set_sample_width(2).split_to_mono():
                samples = np.abs(np.array(side.get_array_of_samples(), dtype=np.int32))
                assert side.dBFS > SILENT_DBFS
                assert np.mean(samples >= FULL_SCALE) < MOST_CLIPPED
