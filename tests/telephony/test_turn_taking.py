"""Turn-taking in virtual time with real Vosk: scenarios in turn_taking.yml."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core_api.kit.yaml_text import load_yaml
from telephony.audio.pcm import frames
from telephony.session.prompt import Prompt, joined
from telephony.session.utterance import UtteranceCutter
from telephony.session.voice_activity import SileroActivity
from telephony.speech.recognition import Recognised, RecognitionUnavailable
from telephony.speech.synthesis import EspeakSynthesizer, Voice
from telephony.speech.vosk_recogniser import VoskRecogniser
from tests.fakes import tones
from tests.telephony.listening import Call, Seen

pytestmark = pytest.mark.voice
SCENARIOS = load_yaml((Path(__file__).parent / "turn_taking.yml").read_text(encoding="utf-8"))
WORDS = ("没有", "有", "三十八", "度", "五", "发烧", "好的", "衣服")
TOLERANCE_SECONDS = 0.001


@pytest.fixture(scope="module")
def recogniser(tmp_path_factory: pytest.TempPathFactory) -> VoskRecogniser:
    return VoskRecogniser(tones.make_model(tmp_path_factory.mktemp("model"), WORDS))


def meets(seen: Seen, wanted: dict[str, Any], ends: dict[str, float]) -> bool:
    if seen.event != wanted["event"]:
        return False
    if any(getattr(seen, name) != wanted[name] for name in ("text", "key", "sure") if name in wanted):
        return False
    if "within_ms" not in wanted:
        return True
    late: float = seen.at - ends[wanted.get("after", "start")]
    return bool(-TOLERANCE_SECONDS <= late <= wanted["within_ms"] / 1000 + TOLERANCE_SECONDS)


class TestScenarios:
    @pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one["name"])
    def test_comes_about(self, recogniser: VoskRecogniser, scenario: dict[str, Any]) -> None:
        call = Call(recogniser, scenario)
        seen = iter(call.play())
        for wanted in scenario["expect"]:
            assert any(meets(one, wanted, call.ends) for one in seen), (wanted, call.seen, call.ends)
        assert not {one.event for one in call.seen} & set(scenario.get("absent", ()))


class Broken:
    """A recogniser that fails at its first stream."""

    def start(self, grammar: object = None) -> Any:
        raise RecognitionUnavailable("failed", "坏了")

    def covers(self, phrases: object) -> tuple[str, ...]:
        return ()


class Deaf(Broken):
    """One that fails in the middle of an utterance."""

    def start(self, grammar: object = None) -> Any:
        return self

    def feed(self, pcm: bytes) -> str:
        raise RecognitionUnavailable("failed", "坏了")

    def finish(self) -> Recognised:
        raise RecognitionUnavailable("failed", "坏了")


class TestFaults:
    @pytest.mark.parametrize("recogniser", [Broken(), Deaf(), None])
    def test_without_a_recogniser_speech_is_not_understood_and_keys_work(self, recogniser: Any) -> None:
        spoken = Call(recogniser, {"patient": [{"at": 2.5, "say": ["没有"]}]}).play()
        assert (spoken[-1].event, spoken[-1].text) == ("heard", "")
        pressed = Call(recogniser, {"patient": [{"at": 2.5, "key": "2"}]}).play()
        assert (pressed[-1].event, pressed[-1].key) == ("heard", "2")


class TestUtteranceCutter:
    def test_an_utterance_holds_the_frames_before_its_beginning(self) -> None:
        cutter = UtteranceCutter()
        quiet, loud = bytes(320), b"\x01" * 320
        cuts = [cut for frame in [*[quiet] * 40, *[loud] * 5] for cut in cutter.take(frame, voiced=frame == loud)]
        assert cuts[0].kind == "began"
        assert cuts[0].pcm.count(loud) == 3
        assert len(cuts[0].pcm) == 16 * 320


class TestPrompt:
    def test_goes_on_with_the_piece_that_was_broken_off(self) -> None:
        prompt = joined([np.full(1600, 1, np.int16), np.full(1600, 2, np.int16)], slow=False)
        assert (len(prompt.frames), prompt.starts) == (30, (0, 20))
        assert len(prompt.rest(unheard_seconds=0.1).frames) == 10
        assert prompt.rest(unheard_seconds=0.5) == prompt
        assert Prompt().rest(0.0) == Prompt()

    def test_pauses_are_three_times_as_long_for_those_who_want_it_slow(self) -> None:
        pieces = [np.full(1600, 1, np.int16), np.full(1600, 2, np.int16)]
        assert joined(pieces, slow=True).starts == (0, 40)


class TestSilero:
    def test_hears_speech_and_not_hiss_hum_or_nothing(self) -> None:
        spoken = EspeakSynthesizer(None, Voice()).say("没有，我今天没有发烧")
        rng = np.random.default_rng(1)
        hiss = (rng.normal(size=16000) * 1500).astype(np.int16)
        hum = (np.sin(np.arange(16000) / 8000 * 2 * np.pi * 50) * 4000).astype(np.int16)
        found = {name: self.share(pcm) for name, pcm in {"speech": spoken, "hiss": hiss, "hum": hum}.items()}
        assert found["speech"] > 0.5
        assert found["hiss"] < 0.05
        assert found["hum"] < 0.05
        assert self.share(np.zeros(16000, dtype=np.int16)) == 0

    def test_speech_after_long_music_is_heard(self) -> None:
        time = np.arange(80000) / 8000
        music = np.sum([np.sin(2 * np.pi * hz * time) for hz in (262, 330, 392)], axis=0) * 2500
        spoken = EspeakSynthesizer(None, Voice()).say("没有，我今天没有发烧")
        activity = SileroActivity()
        for frame in frames(music.astype(np.int16)):
            activity.take(frame)
        heard = [activity.take(frame) for frame in frames(spoken)]
        assert sum(heard) > len(heard) * 0.4

    @pytest.mark.parametrize("gain_db", [9.5, -30.0])
    def test_callers_three_times_as_loud_and_thirty_decibels_down(self, gain_db: float) -> None:
        spoken = EspeakSynthesizer(None, Voice()).say("没有，我今天没有发烧")
        changed = np.clip(spoken * 10 ** (gain_db / 20), -32768, 32767)
        assert self.share(changed) > 0.4

    def share(self, pcm: np.ndarray) -> float:
        activity = SileroActivity()
        heard = [activity.take(frame) for frame in frames(pcm.astype(np.int16))]
        return sum(heard) / len(heard)
