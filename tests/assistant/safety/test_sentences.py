"""The sentences that measure the safety gate: enough, balanced, each said once."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from core_api.kit.yaml_text import load_yaml

HERE = Path(__file__).parent
SENTENCES: list[dict[str, Any]] = load_yaml((HERE / "sentences.yml").read_text("utf-8"))
SPOKEN: list[dict[str, Any]] = load_yaml((HERE / "spoken.yml").read_text("utf-8"))
BATCHES: list[dict[str, Any]] = load_yaml((HERE / "batches.yml").read_text("utf-8"))
FAMILIES = {
    "anuria",
    "breathlessness",
    "chest_pain",
    "fainting",
    "fetal_movement",
    "heavy_bleeding",
    "jaundice",
    "ohss",
    "overdose",
    "seizure",
    "stroke",
    "suicide",
    "transplant_fever",
    "vomiting_blood",
}
FACTS = {"transplant", "after_retrieval", "pregnant"}
REASONS = {"negation", "other", "past", "question", "condition", "idiom", "mild", "corrected"}


@pytest.mark.unit
class TestSentences:
    def test_there_are_640_or_more_and_none_twice(self) -> None:
        texts = [one["text"] for one in SENTENCES]
        assert len(texts) >= 640
        assert [text for text, count in Counter(texts).items() if count > 1] == []

    @pytest.mark.parametrize("split", ["dev", "held_out"])
    def test_half_of_each_split_are_flags_of_every_family(self, split: str) -> None:
        part = [one for one in SENTENCES if one["split"] == split]
        flags = Counter(family for one in part for family in one["expect"][:1])
        near = Counter(one["near"] for one in part if not one["expect"])
        assert set(flags) == set(near) == FAMILIES
        assert abs(flags.total() - near.total()) <= len(part) // 20
        assert min((flags & near).values()) >= 10

    def test_every_sentence_is_described_in_known_words(self) -> None:
        assert {one["split"] for one in SENTENCES} == {"dev", "held_out"}
        assert {family for one in SENTENCES for family in one["expect"]} <= FAMILIES
        assert {fact for one in SENTENCES for fact in one.get("facts", ())} <= FACTS
        assert {one["why"] for one in SENTENCES if not one["expect"]} == REASONS

    def test_the_spoken_ones_are_others_half_of_them_near_misses_of_every_family(self) -> None:
        texts = [one["text"] for one in SPOKEN]
        assert len(set(texts) | {one["text"] for one in SENTENCES}) == len(texts) + len(SENTENCES)
        for split, least in (("dev", 500), ("held_out", 110)):
            part = [one for one in SPOKEN if one["split"] == split]
            flags = [one["expect"][0] for one in part if one["expect"]]
            near = [one["near"] for one in part if not one["expect"]]
            assert len(part) >= least
            assert set(flags) == set(near) == FAMILIES
            assert abs(len(flags) - len(near)) <= len(part) // 20

    def test_the_batches_are_others_and_never_held_out(self) -> None:
        texts = [one["text"] for one in BATCHES]
        assert len({one["text"] for one in [*SENTENCES, *SPOKEN]} | set(texts)) == len(SENTENCES) + len(SPOKEN) + len(
            texts
        )
        assert {one["split"] for one in BATCHES} == {"dev"}
        for number in {one["batch"] for one in BATCHES}:
            part = [one for one in BATCHES if one["batch"] == number]
            assert {one["expect"][0] for one in part if one.get("expect")} == FAMILIES
            assert {one["near"] for one in part if not one.get("expect")} == FAMILIES
