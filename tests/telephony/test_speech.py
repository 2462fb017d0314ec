"""Real speech of espeak-ng: loud enough for a telephone, not clipped, of a sensible length, and kept."""

from pathlib import Path

import numpy as np
import pytest

from telephony.audio.pcm import level_dbfs
from telephony.speech.synthesis import EspeakSynthesizer, Voice, pinyin

pytestmark = pytest.mark.voice
TEXT = "您好，这里是示例医院的自动语音随访服务，通话会录音。请问您是王女士本人吗？"


class TestEspeakSynthesizer:
    def test_speaks_at_telephone_level_without_clipping(self, tmp_path: Path) -> None:
        pcm = EspeakSynthesizer(tmp_path).say(TEXT)
        assert -20 <= level_dbfs(pcm) <= -16
        assert int(np.abs(pcm.astype(int)).max()) < 28_000
        assert 3.0 <= len(TEXT) / (pcm.size / 8000) <= 6.0  # characters per second

    def test_slower_is_longer(self) -> None:
        usual = EspeakSynthesizer(None).say(TEXT)
        assert EspeakSynthesizer(None, Voice().slower()).say(TEXT).size > 1.2 * usual.size

    def test_a_sentence_is_rendered_once(self, tmp_path: Path) -> None:
        first = EspeakSynthesizer(tmp_path).say(TEXT)
        made = sorted(path.name for path in tmp_path.iterdir())
        again = EspeakSynthesizer(tmp_path).say(TEXT)
        assert len(made) == 2
        assert sorted(path.name for path in tmp_path.iterdir()) == made
        assert np.array_equal(first, again)

    def test_nothing_but_signs_is_nothing(self) -> None:
        assert EspeakSynthesizer(None).say("……！").size == 0

    def test_pinyin_has_tones_and_v(self) -> None:
        assert pinyin("绿色的") == "lv4 se4 de5"
