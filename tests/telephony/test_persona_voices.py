"""What simulated patients sound like."""

import csv
from pathlib import Path

import numpy as np
import pytest
from pydub import AudioSegment

from telephony.audio.pcm import level_dbfs, mulaw_to_pcm
from telephony.simulator.personas import Manner
from telephony.simulator.store import Store
from telephony.simulator.voice import RECORDED, VARIANTS, PersonaVoices, RecordedSyllables, VoiceOptions

pytestmark = pytest.mark.voice
NUMBERS = [f"+8615400000{number:03d}" for number in range(60)]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Recorded syllables: tones of a pitch each."""
    rows = [("mei2", 300), ("you3", 600), ("you1", 900)]
    with (tmp_path / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["file", "speaker", "kind", "text"])
        for name, hz in rows:
            pcm = (np.sin(np.arange(8000) / 16000 * 2 * np.pi * hz) * 8000).astype("<i2")
            AudioSegment(pcm.tobytes(), frame_rate=16000, sample_width=2, channels=1).export(
                tmp_path / f"{name}.wav", "wav"
            ).close()
            lines.writerow([f"{name}.wav", "b", "pinyin", name])
    return tmp_path


def pcm(frames: list[bytes]) -> np.ndarray:
    return mulaw_to_pcm(b"".join(frames))


class TestVoices:
    def test_a_number_keeps_its_voice_and_others_have_others(self, corpus: Path) -> None:
        voices = PersonaVoices(VoiceOptions(recordings=corpus, seed=3))
        found = {voices.who(number) for number in NUMBERS}
        assert found == {*VARIANTS, RECORDED}
        assert [voices.who(number) for number in NUMBERS] == [voices.who(number) for number in NUMBERS]

    def test_two_voices_say_the_same_words_differently(self) -> None:
        voices = PersonaVoices(VoiceOptions())
        one = next(number for number in NUMBERS if voices.who(number) == "f3")
        other = next(number for number in NUMBERS if voices.who(number) == "m4")
        assert voices.speech("没有", Manner(), one) != voices.speech("没有", Manner(), other)

    def test_the_line_is_noisy_before_and_under_the_words(self) -> None:
        voices = PersonaVoices(VoiceOptions(noise_db=15.0))
        assert level_dbfs(pcm(list(voices.idle))) == pytest.approx(-33, abs=1.0)
        assert PersonaVoices(VoiceOptions()).idle == ()
        assert voices.speech("没有", Manner(), NUMBERS[0]) != PersonaVoices(VoiceOptions()).speech(
            "没有", Manner(), NUMBERS[0]
        )


class TestRecordedSyllables:
    def test_puts_words_together_and_takes_another_tone_where_one_is_missing(self, corpus: Path) -> None:
        said = RecordedSyllables(corpus)
        two = said.say("没有")
        one = said.say("有")
        assert two is not None
        assert one is not None
        assert two.size > 1.9 * one.size
        assert said.say("又") is not None

    def test_has_no_voice_for_what_was_not_recorded(self, corpus: Path) -> None:
        assert RecordedSyllables(corpus).say("发烧") is None


class TestSaid:
    def test_what_was_said_is_kept_to_be_compared(self) -> None:
        store = Store(None)
        store.note_said("CA1", "item:fever/boolean#2", "没有")
        assert store.said() == [("CA1", "item:fever/boolean#2", "没有")]
