"""Service questions find their entry; anything else finds none."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge.api import find

TABLE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "questions.yml").read_text("utf-8"))


@pytest.mark.unit
class TestFind:
    @pytest.mark.parametrize(("question", "key"), TABLE["found"].items())
    def test_a_service_question_finds_its_entry(self, question: str, key: str) -> None:
        answer = find(question)
        assert answer is not None
        assert answer.entry_key == key

    @pytest.mark.parametrize("words", TABLE["none"])
    def test_other_words_are_not_answered(self, words: str) -> None:
        assert find(words) is None
