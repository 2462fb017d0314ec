"""The recogniser with the real library and a tiny model of its own format: heard, cut off, not understood."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from telephony.audio.pcm import RATE_HZ
from telephony.speech import sherpa_model
from telephony.speech.choosing import choose, warm_up
from telephony.speech.recognition import Grammar, Recognised, RecognitionUnavailable
from telephony.speech.sherpa_recogniser import SherpaRecogniser
from tests.sherpa import tiny_model

YES_NO = Grammar(("没有", "有"), 0.9, "yes_no")
PARTS = ("encoder.onnx", "decoder.onnx", "joiner.onnx")


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model.write(tmp_path_factory.mktemp("sherpa") / "tiny")


@pytest.fixture
def copied(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "model"))


def heard(recogniser: SherpaRecogniser, amplitude: float, grammar: Grammar | None = YES_NO) -> Recognised:
    """Two bursts with pauses, as people speak, at 8 kHz."""
    noise = np.random.default_rng(1).normal(size=RATE_HZ) * amplitude * 32767
    shaped = noise * (np.arange(RATE_HZ) // 1600 % 2)
    stream = recogniser.start(grammar)
    for part in np.array_split(np.clip(shaped, -32768, 32767).astype("<i2"), 9):
        stream.feed(part.tobytes())
    return stream.finish()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without_facts(path: Path) -> None:
    model = onnx.load(str(path))
    del model.metadata_props[:]
    onnx.save(model, str(path))


class TestRealLibrary:
    def test_hears_and_is_sure_of_it(self, whole: Path) -> None:
        found = heard(SherpaRecogniser(whole), 0.3)
        assert (found.kind, found.text, found.accepted, found.foreign) == ("speech", tiny_model.HEARD, True, False)
        assert [word.text for word in found.words] == ["没", "有"]
        assert 0.9 < found.confidence <= 1.0

    def test_what_the_question_does_not_allow_is_foreign(self, whole: Path) -> None:
        found = heard(SherpaRecogniser(whole), 0.3, Grammar(("发烧",), 0.5))
        assert (found.foreign, found.accepted) == (True, False)

    def test_silence_is_silence(self, whole: Path) -> None:
        assert heard(SherpaRecogniser(whole), 0.0).kind == "silence"

    def test_can_be_chosen(self, whole: Path) -> None:
        choice = choose("sherpa", [], whole)
        warm_up(choice, [False])
        assert choice.on(simulated=False)[0] == "sherpa"
        assert sherpa_model.describe(whole).fault is None
        assert sherpa_model.library()


class TestFaults:
    @pytest.mark.parametrize("name", PARTS)
    def test_a_file_that_is_cut_off(self, copied: Path, name: str) -> None:
        cut(copied / name)
        with pytest.raises(RecognitionUnavailable) as refused:
            SherpaRecogniser(copied).start()
        assert refused.value.code == "damaged"

    @pytest.mark.parametrize("name", PARTS[:2])
    def test_a_file_at_which_the_library_ends_its_process(self, copied: Path, name: str) -> None:
        without_facts(copied / name)
        assert "无法加载" in str(sherpa_model.describe(copied).fault)

    @pytest.mark.parametrize(
        "spoil",
        [lambda path: path.write_text(""), lambda path: path.write_bytes(b"\xff\xfe\x00"), lambda path: path.unlink()],
    )
    def test_a_list_of_signs_that_cannot_be_read(self, copied: Path, spoil: Callable[[Path], object]) -> None:
        spoil(copied / "tokens.txt")
        with pytest.raises(RecognitionUnavailable) as refused:
            SherpaRecogniser(copied).start()
        assert refused.value.code == "damaged"
