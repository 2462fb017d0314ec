"""A whole model through real Vosk: features, transition ids, graph, grammar at run time, word times."""

import json
from pathlib import Path
from typing import Any

import pytest
import vosk

from tests.fakes import tones
from tools.speech_model import transitions
from tools.speech_model.graph import UNKNOWN

pytestmark = pytest.mark.voice
WORDS = ("没有", "有", "三十八", "度", "五", "发烧", "衣服")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    vosk.SetLogLevel(-1)
    return vosk.Model(str(tones.make_model(tmp_path_factory.mktemp("model"), WORDS)))


def hear(model: Any, said: list[str], grammar: list[str] | None = None) -> list[dict[str, Any]]:
    written = [json.dumps(grammar, ensure_ascii=False)] if grammar else []
    recogniser = vosk.KaldiRecognizer(model, 8000, *written)
    recogniser.SetWords(True)
    recogniser.AcceptWaveform(tones.pcm16(tones.speak(said)))
    return list(json.loads(recogniser.FinalResult()).get("result", []))


class TestModel:
    @pytest.mark.parametrize("word", WORDS)
    def test_hears_each_word_among_all(self, model: Any, word: str) -> None:
        assert [found["word"] for found in hear(model, [word], list(WORDS))] == [word]

    def test_a_grammar_decides_what_can_be_heard(self, model: Any) -> None:
        assert [found["word"] for found in hear(model, ["有"], ["没有", "发烧", "有"])] == ["有"]
        assert [found["word"] for found in hear(model, ["三十八", "度", "五"], ["三十八 度 五", "没有"])] == [
            "三十八",
            "度",
            "五",
        ]

    def test_a_word_outside_the_grammar_is_unknown(self, model: Any) -> None:
        assert [found["word"] for found in hear(model, ["发烧"], ["没有", "度", UNKNOWN])] == [UNKNOWN]

    def test_equal_sounds_side_by_side_need_a_pause_between(self, model: Any) -> None:
        assert [found["word"] for found in hear(model, ["五", "五"], ["五", "五 五", "五 五 五"])] == ["五", "五"]

    def test_words_know_their_times(self, model: Any) -> None:
        first, second = hear(model, ["有", "发烧"], ["有", "发烧", "有 发烧"])
        assert first["start"] == pytest.approx(0.3, abs=0.12)
        assert second["start"] == pytest.approx(0.72, abs=0.15)
        assert first["conf"] > 0.9

    def test_silence_holds_no_word(self, model: Any) -> None:
        assert hear(model, [], ["没有", "有"]) == []


class TestTransitions:
    def test_ids_count_from_one_in_order(self) -> None:
        numbers = [arc.number for arc in transitions.arcs().values()]
        assert numbers == list(range(1, 2 + 59 * 4 * 5 + 1))

    def test_every_phone_stands_for_its_unit(self) -> None:
        assert [transitions.unit_of(transitions.phone(unit, "E")) for unit in (1, 30, 59)] == [1, 30, 59]
        assert transitions.unit_of(transitions.SILENCE) == 0


class TestManifest:
    def test_names_sources_licence_and_checksums(self, tmp_path: Path) -> None:
        folder = tones.make_model(tmp_path / "model", WORDS)
        about = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        assert about["words"] == len(WORDS)
        assert any("DSPSpeech" in source for source in about["sources"])
        assert set(about["files"]) >= {"am/final.mdl", "graph/HCLr.fst", "graph/Gr.fst", "graph/words.txt"}
