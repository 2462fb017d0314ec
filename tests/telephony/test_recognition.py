"""The recognition port: Vosk for real with a model of tones, sherpa-onnx against a fake of its library."""

import shutil
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from telephony.speech import sherpa_model
from telephony.speech.choosing import choose, warm_up
from telephony.speech.endings import grammar, may_go_on
from telephony.speech.grammars import Expected, expected_at, is_whole, phrases, small_number
from telephony.speech.model_files import describe
from telephony.speech.recognition import Grammar, RecognitionUnavailable
from telephony.speech.sherpa_recogniser import SherpaRecogniser
from telephony.speech.sound import SoundMeter
from telephony.speech.vosk_recogniser import VoskRecogniser
from tests.fakes import tones

WORDS = ("没有", "有", "三十八", "度", "五", "发烧", "再说一遍")
FRAME_BYTES = 320


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tones.make_model(tmp_path_factory.mktemp("model"), WORDS)


@pytest.fixture(scope="module")
def recogniser(folder: Path) -> VoskRecogniser:
    return VoskRecogniser(folder)


def listen(recogniser: Any, pcm: bytes, allowed: Grammar | None) -> tuple[list[str], Any]:
    stream = recogniser.start(allowed)
    partials = [stream.feed(pcm[start : start + FRAME_BYTES]) for start in range(0, len(pcm), FRAME_BYTES)]
    return partials, stream.finish()


def spoken(*words: str, level: float = 4000.0) -> bytes:
    return tones.pcm16(tones.speak(words, level=level))


YES_NO = Grammar(("有", "没有", "再说一遍"), 0.9)


@pytest.mark.voice
class TestVosk:
    def test_gives_words_with_confidence_and_times(self, recogniser: VoskRecogniser) -> None:
        partials, result = listen(recogniser, spoken("没有"), YES_NO)
        assert (result.kind, result.text, result.accepted, result.foreign) == ("speech", "没有", True, False)
        assert result.confidence > 0.9
        assert 0.2 < result.words[0].start_seconds < result.words[0].end_seconds < 1.0
        assert "没有" in partials

    def test_joins_the_words_of_a_phrase(self, recogniser: VoskRecogniser) -> None:
        _, result = listen(recogniser, spoken("三十八", "度", "五"), Grammar(("三十八度五", "没有"), 0.9))
        assert result.text == "三十八度五"

    def test_what_lies_outside_the_grammar_is_never_accepted(self, recogniser: VoskRecogniser) -> None:
        _, result = listen(recogniser, spoken("发烧"), Grammar(("有", "没有"), 0.1))
        assert result.kind == "speech"
        assert result.foreign
        assert not result.accepted

    def test_words_that_leave_sound_unheard_are_not_accepted(self, recogniser: VoskRecogniser) -> None:
        rest = spoken("三十八")[2400:]
        number = Grammar(("三十八", "度", "五"), 0.5, "number", is_whole=lambda text: text == "三十八")
        assert listen(recogniser, spoken("三十八"), number)[1].accepted
        hidden = spoken("三十八")[:-4800] + rest[::-1][:9600] + bytes(4800)
        assert not listen(recogniser, hidden, number)[1].accepted

    def test_silence_is_silence(self, recogniser: VoskRecogniser) -> None:
        assert listen(recogniser, bytes(16000), YES_NO)[1].kind == "silence"

    def test_hears_a_quieter_caller(self, recogniser: VoskRecogniser) -> None:
        assert listen(recogniser, spoken("没有", level=2500.0), YES_NO)[1].text == "没有"

    def test_half_a_sample_is_a_clear_error(self, recogniser: VoskRecogniser) -> None:
        with pytest.raises(RecognitionUnavailable) as refused:
            recogniser.start(YES_NO).feed(b"\0")
        assert refused.value.code == "rate"

    def test_names_phrases_that_it_cannot_hear(self, recogniser: VoskRecogniser) -> None:
        assert recogniser.covers(["三十八度", "没有发烧", "血压"]) == ("血压",)

    def test_streams_share_one_model(self, recogniser: VoskRecogniser) -> None:
        first, second = recogniser.start(YES_NO), recogniser.start(Grammar(("发烧",), 0.5))
        first.feed(spoken("有"))
        second.feed(spoken("发烧"))
        assert (first.finish().text, second.finish().text) == ("有", "发烧")


@pytest.mark.voice
class TestFaultyModels:
    def test_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(RecognitionUnavailable) as refused:
            VoskRecogniser(tmp_path / "none").start()
        assert refused.value.code == "missing"

    @pytest.mark.parametrize("name", ["am/final.mdl", "graph/HCLr.fst"])
    def test_a_file_that_is_cut_off_is_found_before_the_library_sees_it(self, tmp_path: Path, name: str) -> None:
        folder = tones.make_model(tmp_path / "model", WORDS)
        path = folder / name
        path.write_bytes(path.read_bytes()[:-100])
        with pytest.raises(RecognitionUnavailable) as refused:
            VoskRecogniser(folder).start()
        assert refused.value.code == "damaged"
        assert name in (describe(folder).fault or "")

    def test_a_crash_of_the_library_is_a_clear_error(
        self, recogniser: VoskRecogniser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stream = recogniser.start(YES_NO)

        def crash(_pcm: bytes) -> None:
            raise OSError

        monkeypatch.setattr(stream, "_native", types.SimpleNamespace(AcceptWaveform=crash))
        with pytest.raises(RecognitionUnavailable) as refused:
            stream.feed(bytes(320))
        assert refused.value.code == "failed"


@pytest.mark.voice
class TestChoosing:
    def test_auto_hears_real_lines_and_takes_the_simulators_words(self, folder: Path) -> None:
        choice = choose("auto", [folder])
        assert choice.on(simulated=True) == ("simulator", None)
        name, recognition = choice.on(simulated=False)
        assert name == "vosk"
        assert recognition is not None
        warm_up(choice, [False])
        assert recognition.recogniser.covers(["没有", "血压"]) == ("血压",)

    def test_vosk_hears_the_simulator_too_and_off_hears_nobody(self, folder: Path) -> None:
        assert choose("vosk", [folder]).on(simulated=True)[0] == "vosk"
        assert choose("off", [folder]).on(simulated=False) == ("none", None)
        assert choose("transcripts", [folder]).on(simulated=False) == ("none", None)

    def test_a_broken_model_leaves_the_keys_and_a_line_in_the_log(
        self, folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        broken = Path(shutil.copytree(folder, tmp_path / "broken"))
        (broken / "graph" / "words.txt").write_text("有 1\n", encoding="utf-8")
        assert choose("vosk", [broken, tmp_path / "none"]).on(simulated=False) == ("none", None)
        assert "keys" in caplog.text
        assert choose("vosk", [broken, folder]).on(simulated=False)[0] == "vosk"


@pytest.mark.unit
class TestSoundMeter:
    def meter(self, samples: np.ndarray) -> SoundMeter:
        meter = SoundMeter()
        for part in np.array_split(np.round(samples).astype(np.int16), 7):
            meter.feed(part)
        return meter

    def test_hiss_stays_at_its_level(self) -> None:
        hiss = self.meter(np.random.default_rng(2).normal(size=12000) * 900)
        assert (hiss.silent, hiss.lively) == (False, False)

    def test_a_word_rises_above_the_line(self) -> None:
        assert self.meter(tones.speak(["有"])).lively
        assert self.meter(np.zeros(8000)).silent


class FakeSherpa:
    """sherpa_onnx as far as we use it: it writes down what it was given and says what it is told to hear."""

    said = "没有"
    log_probs: tuple[float, ...] = (-0.01, -0.02)

    def __init__(self, **given: Any) -> None:
        self.given = given
        self.samples = 0
        self._waiting = 0

    @classmethod
    def from_transducer(cls, **given: Any) -> "FakeSherpa":
        return cls(**given)

    def create_stream(self) -> "FakeSherpa":
        return self

    def accept_waveform(self, rate_hz: int, samples: np.ndarray) -> None:
        assert rate_hz == 8000
        assert samples.dtype == np.float32
        assert np.abs(samples).max(initial=0) <= 1.0
        self.samples += samples.size
        self._waiting += samples.size

    def is_ready(self, _stream: "FakeSherpa") -> bool:
        return self._waiting >= 1600

    def decode_stream(self, _stream: "FakeSherpa") -> None:
        self._waiting -= 1600

    def get_result(self, _stream: "FakeSherpa") -> str:
        return self.said if self.samples > 4000 else ""

    def tokens(self, stream: "FakeSherpa") -> list[str]:
        return list(self.get_result(stream))

    def timestamps(self, stream: "FakeSherpa") -> list[float]:
        return [0.04 * number for number in range(len(self.get_result(stream)))]

    def ys_probs(self, stream: "FakeSherpa") -> list[float]:
        return list(self.log_probs[: len(self.get_result(stream))])


@pytest.fixture
def sherpa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SherpaRecogniser:
    for name in ("encoder-1.onnx", "decoder-1.onnx", "joiner-1.onnx"):
        (tmp_path / name).write_bytes(b"onnx")
    (tmp_path / "tokens.txt").write_text("没 0\n有 1\n", encoding="utf-8")
    monkeypatch.setitem(sys.modules, "sherpa_onnx", types.SimpleNamespace(OnlineRecognizer=FakeSherpa))
    monkeypatch.setattr(sherpa_model, "probe", sherpa_model.check)
    return SherpaRecogniser(tmp_path)


@pytest.mark.voice
class TestSherpa:
    def test_judges_what_it_heard_by_the_grammar(self, sherpa: SherpaRecogniser) -> None:
        heard = listen(sherpa, spoken("没有"), YES_NO)[1]
        assert (heard.accepted, [word.text for word in heard.words]) == (True, ["没", "有"])
        assert [word.start_seconds for word in heard.words] == [0.0, 0.04]
        never = Grammar(YES_NO.phrases, 1.01)
        assert not listen(sherpa, spoken("没有"), never)[1].accepted
        outside = listen(sherpa, spoken("没有"), Grammar(("发烧",), 0.5))[1]
        assert (outside.foreign, outside.accepted) == (True, False)

    def test_silence_is_silence_whatever_it_says(self, sherpa: SherpaRecogniser) -> None:
        assert listen(sherpa, bytes(16000), YES_NO)[1].kind == "silence"

    def test_names_what_its_characters_lack(self, sherpa: SherpaRecogniser) -> None:
        assert sherpa.covers(["没有", "发烧"]) == ("发烧",)

    def test_a_model_with_a_part_missing(self, sherpa: SherpaRecogniser, tmp_path: Path) -> None:
        (tmp_path / "joiner-1.onnx").unlink()
        with pytest.raises(RecognitionUnavailable) as refused:
            sherpa.start()
        assert "joiner" in refused.value.reason

    def test_without_the_library_it_says_so(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "sherpa_onnx", None)
        with pytest.raises(RecognitionUnavailable) as refused:
            SherpaRecogniser(tmp_path).start()
        assert refused.value.code == "library"
        assert "sherpa.lock" in refused.value.reason

    def test_can_be_chosen_and_says_back_what_nobody_calibrated(self, sherpa: SherpaRecogniser, tmp_path: Path) -> None:
        choice = choose("sherpa", [], tmp_path)
        assert [choice.on(simulated=one)[0] for one in (True, False)] == ["sherpa", "sherpa"]
        recognition = choice.recognition
        assert recognition is not None
        assert (recognition.accept_at("yes_no"), recognition.accept_at("number")) == (0.97, 1.01)
        (tmp_path / "manifest.json").write_text('{"accept_at": {"number": 0.9}}', encoding="utf-8")
        assert recognition.accept_at("number") == 0.9
        warm_up(choice, [False])
        assert choose("vosk", [], tmp_path).on(simulated=False) == ("none", None)

    @pytest.mark.parametrize("name", ["tokens.txt", "encoder-1.onnx", ""])
    def test_without_a_whole_model_there_are_keys_and_a_line_in_the_log(
        self, sherpa: SherpaRecogniser, tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        if name:
            (tmp_path / name).write_bytes(b"")
        assert choose("sherpa", [], tmp_path if name else None).on(simulated=False) == ("none", None)
        assert "keys" in caplog.text

    def test_a_model_that_ends_its_process_never_ends_ours_and_is_tried_once(
        self, sherpa: SherpaRecogniser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.undo()
        monkeypatch.setitem(sys.modules, "sherpa_onnx", types.SimpleNamespace(OnlineRecognizer=FakeSherpa))
        tried: list[list[str]] = []

        def crash(command: list[str], **_given: Any) -> Any:
            tried.append(command)
            return types.SimpleNamespace(returncode=-11)

        monkeypatch.setattr(subprocess, "run", crash)
        for _ in range(2):
            with pytest.raises(RecognitionUnavailable) as refused:
                sherpa.start()
            assert refused.value.code == "damaged"
        assert [command[-1] for command in tried] == [str(tmp_path)]
        assert sherpa_model.describe(tmp_path).fault is not None


@pytest.mark.unit
class TestGrammars:
    def test_a_choice_holds_its_answers_and_what_may_always_be_said(self) -> None:
        said = phrases(Expected("choice", ("不痛", "很痛")))
        assert {"不痛", "很痛", "再说一遍", "转人工", "打错了"} <= set(said)
        assert said.count("不痛") > said.count("再说一遍")

    def test_a_temperature_can_be_said_with_degrees_and_point(self) -> None:
        said = set(phrases(Expected("decimal", unit="℃", minimum=35.0, maximum=42.0)))
        assert {"三十八", "三十八 度", "三十八 点", "点 五", "度 五"} <= said
        assert "三十四" not in said
        assert "三 百" not in said

    def test_large_numbers_are_made_of_pairs(self) -> None:
        said = set(phrases(Expected("integer", minimum=0, maximum=3000)))
        assert {"三 百", "百 二十五", "两 千", "千 五"} <= said

    @pytest.mark.parametrize("said", ["三十八度二", "一百零五", "三千二百克", "两百", "九分", "嗯三十九周", "一万二"])
    def test_a_whole_number(self, said: str) -> None:
        assert is_whole(Expected("decimal", minimum=0, maximum=20000), said)

    @pytest.mark.parametrize("said", ["一百百十八", "三百百十", "十三百", "百克", "公斤", "点五"])
    def test_a_number_in_pieces_is_no_answer(self, said: str) -> None:
        assert not is_whole(Expected("decimal", minimum=0, maximum=20000), said)

    def test_an_answer_may_have_words_around_it_and_not_another_answer(self) -> None:
        asked = Expected("choice", ("按时", "停了"))
        assert is_whole(asked, "都是按时的")
        assert is_whole(asked, "转人工")
        assert not is_whole(asked, "按时停了")

    def test_days_and_times(self) -> None:
        assert {"昨天", "十一月 五号", "上 周三"} <= set(phrases(Expected("date")))
        assert {"明天 上午", "下午 三 点"} <= set(phrases(Expected("time")))

    @pytest.mark.parametrize(("value", "said"), [(0, "零"), (10, "十"), (12, "十二"), (20, "二十"), (99, "九十九")])
    def test_small_numbers(self, value: int, said: str) -> None:
        assert small_number(value) == said

    def test_a_confirmation_takes_yes_or_no_whatever_was_asked(self) -> None:
        asked = Expected("decimal", unit="℃")
        assert expected_at("item:temperature/decimal", asked) is asked
        assert expected_at("confirm:temperature/decimal", asked).kind == "boolean"
        assert expected_at("identity", None).kind == "identity"
        assert expected_at("callback_time", None).kind == "time"

    def test_the_threshold_is_the_familys(self) -> None:
        made = grammar(Expected("boolean", ("有", "没有")), lambda family: {"yes_no": 0.8}[family])
        assert (made.accept_at, made.family) == (0.8, "yes_no")


TEMPERATURE = Expected("decimal", unit="℃", minimum=35, maximum=42)
PRESSURE = Expected("integer", unit="毫米汞柱", minimum=60, maximum=250)
PAIN = Expected("integer", unit="分", minimum=0, maximum=10)
FEVER = Expected("boolean", ("有", "没有", "有一点", "没有发烧"), options=(("有", "有一点"), ("没有", "没有发烧")))
STATE = Expected("choice", ("好", "好一点", "不好"), options=(("好", "好一点"), ("不好",)))
ALIKE = Expected("choice", ("有", "有一点疼"), options=(("有",), ("有一点疼",)))


class TestMayGoOn:
    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            (FEVER, "没有"),
            (FEVER, "有"),
            (FEVER, "没有发烧"),
            (FEVER, "转人工"),
            (STATE, "好"),
            (STATE, "好的"),
            (TEMPERATURE, "三十八度五"),
            (TEMPERATURE, "三十八点五度"),
            (PRESSURE, "一百二十五"),
            (PRESSURE, "一百二十毫米汞柱"),
            (PAIN, "三"),
            (Expected("date"), "三月五号"),
            (Expected("date"), "昨天"),
            (Expected("time"), "九点半"),
            (Expected("identity"), "是我"),
            (Expected("identity"), "我就是"),
            (Expected("identity"), "不是"),
        ],
    )
    def test_whole_answers_that_cannot(self, asked: Expected, said: str) -> None:
        assert not may_go_on(asked, said)

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            (FEVER, "嗯"),
            (ALIKE, "有"),
            (TEMPERATURE, "三十八"),
            (TEMPERATURE, "三十八度"),
            (PRESSURE, "一百二"),
            (PRESSURE, "一百二十"),
            (Expected("integer", minimum=0, maximum=50), "三十"),
            (Expected("date"), "上周"),
            (Expected("time"), "明天上午"),
            (Expected("time"), "九点"),
            (Expected("text"), "没有"),
            (Expected("identity"), "我是"),
        ],
    )
    def test_those_that_may_be_another(self, asked: Expected, said: str) -> None:
        assert may_go_on(asked, said)
