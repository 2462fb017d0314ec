"""Chinese to units."""

import pytest

from tools.speech_model import vocabulary
from tools.speech_model.units import UNITS, UnknownSyllable, syllable_units, unit_ids, word_units

pytestmark = pytest.mark.unit


class TestUnits:
    @pytest.mark.parametrize(
        ("word", "units"),
        [
            ("没有", ("m", "ei", "iou")),
            ("是", ("sh", "ih")),
            ("四", ("s", "iz")),
            ("月", ("ve",)),
            ("去", ("q", "v")),
            ("女", ("n", "v")),
            ("二", ("er",)),
            ("恶心", ("e", "x", "in")),
            ("嗯", ("en",)),
        ],
    )
    def test_reads_words(self, word: str, units: tuple[str, ...]) -> None:
        assert word_units(word) == units

    def test_reads_toned_pinyin(self) -> None:
        assert syllable_units("lve4") == ("l", "ve")

    @pytest.mark.parametrize("word", ["", "abc", "。"])
    def test_refuses_what_cannot_be_said(self, word: str) -> None:
        with pytest.raises(UnknownSyllable):
            word_units(word)

    def test_numbers_leave_zero_to_the_blank(self) -> None:
        assert unit_ids(UNITS) == list(range(1, 60))


class TestVocabulary:
    def test_holds_every_answer_of_every_shipped_questionnaire(self) -> None:
        words = set(vocabulary.product_words())
        assert set(vocabulary.answers()) <= words
        assert {"怀上了", "三十八", "再说一遍", "转人工", "十一月", "五号", "没有"} <= words
        assert len(words) > 300

    def test_every_word_of_the_lexicon_can_be_said(self) -> None:
        lexicon = vocabulary.lexicon(["皇帝", "一_也_", "ABC"])
        assert {"皇帝", "一也", "皇"} <= set(lexicon)
        assert all(word_units(word) for word in lexicon)
