"""The speech model that ships: whole, small, named, and useful to a voice that it never heard."""

import numpy as np
import pytest

from telephony.speech.choosing import choose
from telephony.speech.endings import grammar
from telephony.speech.grammars import Expected
from telephony.speech.model_files import SHIPPED, accept_at, describe, manifest
from telephony.speech.recognition import Recognised
from telephony.speech.synthesis import EspeakSynthesizer, Voice
from telephony.speech.vosk_recogniser import VoskRecogniser

pytestmark = pytest.mark.voice
QUIET = np.zeros(2400, dtype=np.int16)
YES_NO = Expected("boolean", ("有", "没有"))


@pytest.fixture(scope="module")
def recogniser() -> VoskRecogniser:
    return VoskRecogniser(SHIPPED)


def hear(recogniser: VoskRecogniser, words: str, expected: Expected) -> Recognised:
    spoken = EspeakSynthesizer(None, Voice(165, 50, "f3")).say(words)
    stream = recogniser.start(grammar(expected, lambda family: accept_at(SHIPPED, family)))
    stream.feed(np.concatenate([QUIET, spoken, QUIET]).astype("<i2").tobytes())
    return stream.finish()


class TestShippedModel:
    def test_is_whole_small_and_says_where_it_comes_from(self) -> None:
        about = describe(SHIPPED)
        assert about.fault is None
        assert about.size_bytes <= 20_000_000
        assert about.licence == "CC BY-SA 4.0"
        assert any("DSPSpeech" in source for source in manifest(SHIPPED)["sources"])
        assert choose("auto", [SHIPPED]).on(simulated=False)[0] == "vosk"

    @pytest.mark.parametrize("words", ["没有", "是的", "不是"])
    def test_hears_yes_and_no(self, recogniser: VoskRecogniser, words: str) -> None:
        assert hear(recogniser, words, YES_NO).text == words

    def test_hears_a_temperature_and_has_it_confirmed(self, recogniser: VoskRecogniser) -> None:
        heard = hear(recogniser, "三十八度五", Expected("decimal", unit="℃", minimum=35.0, maximum=42.0))
        assert heard.text == "三十八度五"
        assert not heard.accepted

    @pytest.mark.parametrize("words", ["这个天气真不错", "我昨天去了一趟菜市场"])
    def test_does_not_accept_what_nobody_asked_for(self, recogniser: VoskRecogniser, words: str) -> None:
        assert not hear(recogniser, words, YES_NO).accepted

    def test_knows_what_may_always_be_said(self, recogniser: VoskRecogniser) -> None:
        assert recogniser.covers(["再说一遍", "转人工", "打错了", "不知道", "三十八度五", "恶心", "拉肚子"]) == ()
