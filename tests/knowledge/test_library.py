"""The starter library: complete, plainly worded, its entries apart from each other."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from core_api.kit.yaml_text import load_yaml

LIBRARY = Path(__file__).parents[2] / "knowledge" / "library"
SETTINGS = {"placeholders.yaml", "terms.yaml"}
CLASSES = {"service", "education", "advice"}
DOSE = re.compile(
    r"[\d一二三四五六七八九十两半百]+\s*(?:mg|ug|ml|iu|毫克|微克|毫升|国际单位|单位|粒|片药|支药|克)(?!检)",
    re.IGNORECASE,
)
UNSPOKEN = re.compile(r"[()（）\[\]<>]|https?:|www\.")
FILLERS = re.compile(r"[\W_]+|请问|我想|一下|的|了|呢|啊|呀|吗|嘛|哦|吧|么")


def _load(name: str) -> Any:
    return load_yaml((LIBRARY / name).read_text("utf-8"))


FILES = {path.name: _load(path.name) for path in sorted(LIBRARY.glob("*.yaml")) if path.name not in SETTINGS}
ENTRIES: list[dict[str, Any]] = [entry for content in FILES.values() for entry in content["entries"]]
PLACEHOLDERS = {one["key"]: one for one in _load("placeholders.yaml")["placeholders"]}
TERMS = _load("terms.yaml")


def pairs(text: str) -> frozenset[str]:
    """The pairs of characters of a wording without fillers and punctuation."""
    plain = FILLERS.sub("", text)
    return frozenset(plain[at : at + 2] for at in range(len(plain) - 1)) or frozenset({plain})


WORDINGS = [(entry["key"], text) for entry in ENTRIES for text in (entry["question"], *entry["variants"])]
COUNTED = [pairs(text) for _, text in WORDINGS]
HOLDERS: dict[str, list[int]] = {}
for position, counted in enumerate(COUNTED):
    for pair in counted:
        HOLDERS.setdefault(pair, []).append(position)


def near(text: str, above: float) -> list[tuple[str, str]]:
    """The wordings that share more than `above` of all pairs of characters with a text, with their entries' keys."""
    own = pairs(text)
    shared = Counter(position for pair in own for position in HOLDERS.get(pair, ()))
    return [
        WORDINGS[position]
        for position, count in shared.items()
        if count > above * (len(own) + len(COUNTED[position]) - count)
    ]


@pytest.mark.unit
class TestLibrary:
    def test_the_set_has_at_least_180_entries_with_keys_of_their_own(self) -> None:
        keys = [entry["key"] for entry in ENTRIES]
        assert len(keys) >= 180
        assert [key for key, count in Counter(keys).items() if count > 1] == []
        assert [key for key in keys if not re.fullmatch(r"[a-z0-9_]{2,60}", key)] == []

    def test_all_three_areas_are_covered(self) -> None:
        departments = Counter(content["department"] for content in FILES.values() for _ in content["entries"])
        assert set(departments) == {"医院服务", "生殖中心", "移植中心"}
        assert min(departments.values()) >= 50

    @pytest.mark.parametrize("name", FILES)
    def test_every_file_is_marked_as_a_sample(self, name: str) -> None:
        assert FILES[name]["sample"] is True

    @pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["key"])
    def test_an_entry_is_complete_and_plain(self, entry: dict[str, Any]) -> None:
        assert entry["class"] in CLASSES
        assert entry["audience"]
        assert len({FILLERS.sub("", wording) for wording in entry["variants"]} - {""}) >= 6
        assert entry["question"] not in entry["variants"]
        assert 0 < len(entry["voice"]) <= 90
        assert UNSPOKEN.search(entry["voice"]) is None
        for text in (entry["chat"], entry["voice"]):
            assert DOSE.search(text) is None
            assert set(re.findall(r"\{(.*?)\}", text)) <= set(PLACEHOLDERS)

    def test_advice_is_always_handed_to_people(self) -> None:
        alone = [
            entry["key"]
            for entry in ENTRIES
            if entry["class"] == "advice" and not re.search(r"医护|医生|护士|药师|协调员", entry["voice"])
        ]
        assert alone == []

    def test_wordings_of_different_entries_are_different(self) -> None:
        alike = [(text, other) for key, text in WORDINGS for other_key, other in near(text, 0.7) if key != other_key]
        assert alike == []

    def test_every_placeholder_is_used_and_reads_well_unfilled(self) -> None:
        texts = "".join(entry["chat"] + entry["voice"] for entry in ENTRIES)
        assert [key for key in PLACEHOLDERS if f"{{{key}}}" not in texts] == []
        assert all(one["label"] and one["default"] for one in PLACEHOLDERS.values())

    def test_spoken_answers_need_no_number_that_a_hospital_has_not_filled_in(self) -> None:
        used = {key for entry in ENTRIES for key in re.findall(r"\{(.*?)\}", entry["voice"])}
        assert all(UNSPOKEN.search(PLACEHOLDERS[key]["default"]) is None for key in used)


@pytest.mark.unit
class TestTerms:
    def test_no_wording_is_read_as_two_terms(self) -> None:
        read_as = Counter(word for words in TERMS["synonyms"].values() for word in words)
        assert [word for word, count in read_as.items() if count > 1] == []

    def test_no_wording_lies_inside_a_term(self) -> None:
        inside = [
            (word, term)
            for words in TERMS["synonyms"].values()
            for word in words
            for term in TERMS["synonyms"]
            if word in term
        ]
        assert inside == []
