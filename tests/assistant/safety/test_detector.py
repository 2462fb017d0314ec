"""The second look beside the rules: what it learns, keeps, and leaves alone."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from safetensors import SafetensorError

from assistant.safety import detector, suspecting
from assistant.safety.learning import Judged, learn
from assistant.safety.rules import check
from assistant.safety.ruleset import shipped
from assistant.safety.schemas import Facts
from assistant.safety.suspecting import suspect

SIGNS = ["宝宝一天没动了", "孩子在肚子里没动静", "肚里宝宝没有动过", "宝宝今天没怎么动", "一天没感觉宝宝动"]
NEAR = ["宝宝动得挺好", "孩子在肚子里动得欢", "宝宝动了好多次", "今天宝宝动得多", "感觉宝宝天天动"]
EVERYDAY = ["停车场怎么走", "发票怎么开", "报告几天出来", "明天几点抽血", "住院押金多少", "医生周几出诊"]


def judged() -> list[Judged]:
    return [*(Judged(text, ("fetal_movement",)) for text in SIGNS), *(Judged(text) for text in NEAR)]


def taught() -> detector.Detector:
    return learn(judged(), EVERYDAY * 5, ["chest_pain", "fetal_movement"], 0.05, report=lambda _: None)


@pytest.mark.unit
class TestLearning:
    def test_signs_stand_above_near_misses_and_everyday_questions(self) -> None:
        made = taught()
        column = made.families.index("fetal_movement")
        lowest = min(made.scores(text)[column] for text in SIGNS)
        assert lowest > max(made.scores(text)[column] for text in [*NEAR, *EVERYDAY])
        assert made.suspects("宝宝没动") == ("fetal_movement",)

    def test_the_same_sentences_teach_the_same(self) -> None:
        one, other = taught(), taught()
        assert one.ask_at == other.ask_at
        assert np.array_equal(one.hashes, other.hashes)
        assert np.array_equal(one.weights, other.weights)

    def test_what_is_kept_is_read_again(self, tmp_path: Path) -> None:
        made = taught()
        detector.save(made, tmp_path / "kept")
        kept = detector.load(tmp_path / "kept")
        assert (kept.families, kept.ask_at) == (made.families, made.ask_at)
        assert np.allclose(kept.scores(SIGNS[0]), made.scores(SIGNS[0]), atol=0.01)

    def test_a_file_that_is_cut_off_is_an_error(self, tmp_path: Path) -> None:
        detector.save(taught(), tmp_path / "whole")
        (tmp_path / "cut").write_bytes((tmp_path / "whole").read_bytes()[:-20])
        with pytest.raises(SafetensorError):
            detector.load(tmp_path / "cut")


@pytest.mark.unit
class TestStretches:
    @pytest.mark.parametrize("length", [1, 40, 50, 51, 55, 60, 61, 400])
    def test_they_cover_a_text_without_a_gap(self, length: int) -> None:
        found = detector.stretches(length)
        assert (found[0][0], found[-1][1]) == (0, length)
        assert all(after[0] <= before[1] for before, after in pairwise(found))

    def test_a_sign_in_the_middle_of_a_long_message_counts_as_one_alone(self) -> None:
        made = detector.shipped()
        column = made.families.index("fetal_movement")
        filler = "停车场怎么走，发票在哪里开，明天抽血要不要空腹，"
        alone = made.scores("宝宝从昨晚到现在一动不动")[column]
        within = made.scores(filler * 3 + "宝宝从昨晚到现在一动不动，" + filler * 3)[column]
        assert within > made.scores(filler * 6)[column] + 1
        assert alone > made.ask_at

    def test_a_very_long_message_is_looked_at_in_bounds(self) -> None:
        assert detector.shipped().suspects("停车场怎么走" * 20_000) == ()


class TestShipped:
    @pytest.mark.parametrize("text", ["你好", "谢谢", "停车场怎么走", "没有胸痛", "那要带什么", "🙂🙂🙂", "1"])
    def test_what_is_said_on_any_day_is_not_asked_back(self, text: str) -> None:
        assert suspect(text, shipped()) is None

    def test_what_no_rule_finds_is_asked_about(self) -> None:
        found = suspect("肚子里的孩子今天静悄悄的，怎么拍都没反应", shipped())
        assert found is not None
        assert (found.family, found.question) == (
            "fetal_movement",
            "您是说现在胎动明显减少，或者感觉不到胎动了吗？",
        )

    def test_what_the_record_rules_out_is_not_asked_about(self) -> None:
        text = "换了肾的人，身上烫得像火炉，直打摆子"
        found = suspect(text, shipped())
        assert found is None or found.family == "transplant_fever"
        other = suspect(text, shipped(), Facts(transplant=False))
        assert other is None or other.family != "transplant_fever"

    def test_every_family_can_be_asked_about(self) -> None:
        documents = [family.document for family in shipped().families]
        assert {one.key for one in documents} == set(detector.shipped().families)
        assert all(one.question.endswith("吗？") or one.question.endswith("想法？") for one in documents)

    def test_a_damaged_file_leaves_the_rules(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken() -> detector.Detector:
            raise SafetensorError("cut off")

        monkeypatch.setattr(detector, "shipped", broken)
        suspecting._detector.cache_clear()
        try:
            assert suspect("宝宝从昨晚到现在一动不动", shipped()) is None
            assert check("我胸口很疼")
        finally:
            suspecting._detector.cache_clear()
