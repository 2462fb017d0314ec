"""How a call went: figures from its audio, its turns and its events."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from telephony.audio.measuring import OUTLINE_STEPS, Sound, measure
from telephony.audio.pcm import RATE_HZ, SILENT_DBFS, mulaw_to_pcm, pcm_to_mulaw
from telephony.calls import details, quality
from telephony.calls.schemas import CallEventView, CallQuality, TurnView

pytestmark = pytest.mark.unit
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def burst(seconds: float, dbfs: float) -> np.ndarray:
    """Speech-like: a tone of this RMS for 0.3 s, a pause of 0.1 s, and so on."""
    times = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    tone = np.sin(2 * np.pi * 300 * times) * np.sqrt(2) * 10 ** (dbfs / 20) * 32768
    return np.where(times % 0.4 < 0.3, tone, 0.0)


def stereo(patient: np.ndarray, bot: np.ndarray) -> np.ndarray:
    both = np.zeros((max(patient.size, bot.size), 2))
    both[: patient.size, 0], both[: bot.size, 1] = patient, bot
    return np.clip(both, -32768, 32767).astype(np.int16)


def quiet(seconds: float) -> np.ndarray:
    return np.zeros(int(seconds * RATE_HZ))


def heard(dbfs: float, noise_dbfs: float | None = None, gain: float = 1.0) -> Sound:
    """Ten seconds of the bot, then ten of a patient at a level."""
    patient = np.concatenate([quiet(10), burst(10, dbfs)]) * gain
    if noise_dbfs is not None:
        patient = patient + np.random.default_rng(1).normal(size=patient.size) * 10 ** (noise_dbfs / 20) * 32768
    cut = mulaw_to_pcm(pcm_to_mulaw(np.clip(patient, -32768, 32767).astype(np.int16)))
    return measure(stereo(cut, burst(10, -18.0)))


def turn(sender: str, text: str, latency_ms: int | None = None) -> TurnView:
    return TurnView(id="1", sender=sender, text=text, at=NOW, offset_ms=0, latency_ms=latency_ms)


def event(kind: str, /, **data: Any) -> CallEventView:
    return CallEventView(kind=kind, at=NOW, data=data)


def codes(found: CallQuality) -> set[str]:
    return {one.code for one in found.problems}


class TestMeasure:
    def test_tells_level_of_speech_and_of_the_line(self) -> None:
        found = heard(-24.0, noise_dbfs=-52.0)
        assert found.patient.speech_dbfs == pytest.approx(-25.0, abs=0.6)
        assert found.patient.noise_dbfs == pytest.approx(-52.0, abs=1.5)
        assert found.bot.noise_dbfs == SILENT_DBFS
        assert (found.patient.speech_seconds, found.bot.speech_seconds) == pytest.approx((10, 10), abs=0.3)
        assert (found.both_seconds, found.patient.clipped_share) == (0.0, 0.0)

    def test_tells_what_was_cut_off_and_who_spoke_over_whom(self) -> None:
        loud = measure(stereo(np.clip(burst(4, -6.0) * 8, -32124, 32124), burst(4, -18.0)))
        assert loud.patient.clipped_share > 0.5
        assert loud.bot.clipped_share == 0.0
        assert loud.both_seconds == pytest.approx(4, abs=0.3)

    def test_constant_noise_is_no_speech_and_nothing_is_nothing(self) -> None:
        noise = np.random.default_rng(2).normal(size=8 * RATE_HZ) * 1500
        assert measure(stereo(noise, quiet(8))).patient.speech_seconds == 0
        empty = measure(np.zeros((0, 2), np.int16))
        assert (empty.patient.speech_dbfs, empty.patient.noise_dbfs, empty.outline.patient) == (None, None, b"")

    def test_the_outline_is_small_and_lies_where_the_sound_lies(self) -> None:
        outline = measure(stereo(np.concatenate([quiet(300), burst(300, -20.0)]), burst(300, -18.0))).outline
        steps = len(outline.patient)
        assert OUTLINE_STEPS / 2 < steps <= OUTLINE_STEPS
        assert steps * outline.step_ms == pytest.approx(600_000, abs=outline.step_ms)
        assert max(outline.patient[: steps // 2 - 1]) == 0 < min(outline.patient[steps // 2 + 1 :])
        assert max(outline.patient) == round(255 * np.sqrt(np.sqrt(2) * 0.1))


class TestMeasured:
    @pytest.mark.parametrize(
        ("sound", "wanted", "grade"),
        [
            (heard(-24.0), set(), "good"),
            (heard(-38.0), {"quiet"}, "fair"),
            (heard(-47.0), {"quiet"}, "poor"),
            (heard(-20.0, noise_dbfs=-33.0), {"noisy"}, "fair"),
            (heard(-6.0, gain=3.0), {"loud", "clipped"}, "poor"),
            (None, set(), "good"),
        ],
    )
    def test_says_what_is_wrong_with_a_side(self, sound: Sound | None, wanted: set[str], grade: str) -> None:
        found = quality.measured([turn("patient", "没有发烧")], [], 0, sound)
        assert (codes(found), found.grade) == (wanted, grade)
        assert all("患者" in one.text for one in found.problems)

    def test_counts_gaps_by_the_minute(self) -> None:
        sound = heard(-24.0)
        few = [event("line.counted", late=1, sent=900, heard_late=1, longest_gap_ms=80)]
        many = [event("line.counted", late=3, sent=900, heard_late=12, longest_gap_ms=900)]
        assert codes(quality.measured([], few, 0, sound)) == set()
        found = quality.measured([], many, 12, sound)
        assert [(one.code, one.grade) for one in found.problems] == [
            ("bot_gaps", "fair"),
            ("patient_gaps", "poor"),
            ("bad_frames", "poor"),
        ]
        assert (found.heard_late, found.longest_gap_ms, found.late_frames) == (12, 900, 3)

    def test_paces_and_latencies(self) -> None:
        turns = [
            turn("bot", "您好，请问您最近有没有发烧？", 400),
            turn("patient", "没有发烧，谢谢。"),
            turn("bot", "好的。", 900),
            turn("bot", "再见。", 5000),
        ]
        found = quality.measured(turns, [event("bot.interrupted"), event("bot.resumed")], 0, heard(-24.0))
        assert found.patient is not None
        assert found.patient.characters_per_minute == pytest.approx(6 / 10 * 60, abs=2)
        assert (found.latency_median_ms, found.latency_p95_ms) == (900, 5000)
        assert (found.interruptions, found.resumed, found.turns) == (1, 1, 1)
        assert quality.measured(turns[2:], [], 0, None).latency_median_ms == 900
        assert codes(quality.measured(turns[3:], [], 0, None)) == {"slow"}

    def test_a_call_without_a_patients_word_and_one_often_interrupted(self) -> None:
        silent = measure(stereo(quiet(30), burst(30, -18.0)))
        turns = [event("turn", answer="silence")] * 2
        found = quality.measured([], [*turns, *[event("bot.interrupted")] * 5], 0, silent)
        assert (codes(found), found.unheard) == ({"not_heard", "interrupted"}, 2)


class TestSpans:
    def test_finds_each_message_by_its_key(self) -> None:
        events = [
            event("turn", bot_ms=[100, 900], reply_to=None, message_id="a", patient_ms=[1200, 1900]),
            event("turn", bot_ms=[2500, 4000], reply_to="a", message_id="b", patient_ms=[4100, 4100], latency_ms=600),
            event("turn", bot_ms=None, reply_to="b"),
            event("said", kind="time_up", bot_ms=[5000, 6000]),
        ]
        places = details.spans(events)
        assert places["opening"] == (100, 900)
        assert (places["a"], places["reply:a"], places["b"]) == ((1200, 1900), (2500, 4000), (4100, 4100))
        assert places["call:time_up"] == (5000, 6000)
        assert "reply:b" not in places
        assert details.measured_latencies(events) == {"reply:a": 600}
