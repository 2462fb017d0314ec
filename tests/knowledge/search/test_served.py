"""A site's own model, encoded by another process."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from knowledge.search import index
from knowledge.search.dense import EncoderUnavailable
from knowledge.search.finder import served_encoder
from knowledge.search.rules import shipped
from knowledge.search.served import ServedEncoder
from knowledge.search.text import Analyser
from tests.knowledge.search.test_finding import LIVES

NOW = datetime(2026, 11, 21, tzinfo=UTC)
FAKES = Path(__file__).parents[2] / "fakes" / "encoder"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model's folder, and a library that reads it."""
    monkeypatch.setenv("PYTHONPATH", str(FAKES))
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    return tmp_path


@pytest.fixture
def encoder(folder: Path) -> Iterator[ServedEncoder]:
    made = ServedEncoder(folder, Path(sys.executable))
    yield made
    made.close()


@pytest.mark.unit
class TestServedEncoder:
    def test_finds_by_its_vectors(self, encoder: ServedEncoder) -> None:
        found = index.build(LIVES, Analyser(), encoder, 1, 0)
        assert found.search("票", shipped(), NOW, method="dense")[0].key == "k3"
        assert str(found.view().model).startswith("served-")

    def test_encodes_many_texts_in_their_order(self, encoder: ServedEncoder) -> None:
        texts = ["停车", "发票"] * 400
        found = encoder.encode(texts, {})
        assert found.shape == (800, 3)
        assert all(found[::2, 0] > 0.9)
        assert all(found[1::2, 1] > 0.9)

    def test_another_model_has_another_name(self, encoder: ServedEncoder, folder: Path) -> None:
        (folder / "model.safetensors").write_bytes(b"other weights")
        assert ServedEncoder(folder, Path(sys.executable)).name != encoder.name

    def test_a_dead_process_is_told_then_left_alone_then_started_anew(self, folder: Path) -> None:
        now = [0.0]
        encoder = ServedEncoder(folder, Path(sys.executable), lambda: now[0])
        with pytest.raises(EncoderUnavailable):
            encoder.encode(["倒下"], {})
        with pytest.raises(EncoderUnavailable, match="resting"):
            encoder.encode(["停车"], {})
        now[0] += 60
        assert encoder.encode(["停车"], {}).shape == (1, 3)
        encoder.close()

    def test_a_question_is_answered_by_words_while_it_is_dead(self, encoder: ServedEncoder) -> None:
        found = index.build(LIVES, Analyser(), encoder, 1, 0)
        with pytest.raises(EncoderUnavailable):
            encoder.encode(["倒下"], {})
        assert found.search("保存费怎么交", shipped(), NOW)[0].key == "k1"

    def test_without_a_model_there_the_static_one_is_used(self, tmp_path: Path) -> None:
        with pytest.raises(EncoderUnavailable):
            ServedEncoder(tmp_path, Path(sys.executable))
        made = served_encoder(tmp_path, Path(sys.executable))(tmp_path)
        assert made is not None
        assert made.name.startswith("static-")
