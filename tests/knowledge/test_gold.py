"""The gold questions: enough of every kind, about known entries, worded otherwise than the library."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from core_api.kit.yaml_text import load_yaml
from tests.knowledge.test_library import ENTRIES, FILLERS, WORDINGS, near

GOLD = Path(__file__).parents[2] / "knowledge" / "gold"
KINDS = {"plain", "short", "misspelt", "colloquial", "homophone", "two", "out_of_scope", "english", "cantonese"}
NEARLY_EQUAL = 0.65
"""Shared pairs of characters over all pairs of two wordings, above which one is a copy of the other."""

QUESTIONS: list[dict[str, Any]] = [
    one for path in sorted(GOLD.glob("*.yaml")) for one in load_yaml(path.read_text("utf-8"))["questions"]
]
KEYS = {entry["key"] for entry in ENTRIES}


@pytest.mark.unit
class TestGold:
    def test_there_are_400_questions_and_80_of_them_have_no_answer(self) -> None:
        assert len({one["ask"] for one in QUESTIONS}) == len(QUESTIONS) >= 400
        assert len([one for one in QUESTIONS if not one["expect"]]) >= 80

    def test_every_kind_occurs(self) -> None:
        assert set(Counter(one["kind"] for one in QUESTIONS)) == KINDS
        assert all((one["kind"] == "out_of_scope") == (not one["expect"]) for one in QUESTIONS)

    def test_what_is_expected_exists(self) -> None:
        assert {key for one in QUESTIONS for key in one["expect"]} <= KEYS

    def test_nine_in_ten_entries_are_asked_for(self) -> None:
        asked = {key for one in QUESTIONS for key in one["expect"]}
        assert len(asked) >= 0.9 * len(KEYS)

    def test_no_question_is_worded_as_the_library(self) -> None:
        plain = {FILLERS.sub("", text) for _, text in WORDINGS}
        copied = [
            one["ask"]
            for one in QUESTIONS
            if FILLERS.sub("", one["ask"]) in plain - {""} or near(one["ask"], NEARLY_EQUAL)
        ]
        assert copied == []
