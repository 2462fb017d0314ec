import pytest

from knowledge.search import aims
from knowledge.search.text import Analyser


def of(*texts: str) -> aims.Aims:
    analyser = Analyser({"几多钱": "多少钱"})
    return aims.of_texts([analyser.clean(text) for text in texts])


@pytest.mark.unit
class TestAims:
    def test_each_text_has_its_own_wherever_it_stands(self) -> None:
        texts = ("冷冻费多少钱", "", "胚胎冻多久", "你好", "取卵前能吃药吗")
        assert of(*texts).tolist() == [of(text)[0] for text in texts]
        assert (of("")[0], of("你好")[0]) == (0, 0)

    def test_a_synonym_counts_as_what_it_is_read_as(self) -> None:
        assert of("几多钱")[0] == of("多少钱")[0] != 0

    def test_there_is_a_bit_for_each(self) -> None:
        assert len(set(aims.AIMS)) == len(aims.AIMS) < 64

    def test_a_question_agrees_with_wordings_that_want_the_same(self) -> None:
        price, way = of("保存多少钱", "保存收费吗"), of("保存怎么交", "保存缴款流程")
        asked = int(of("保存贵不贵")[0])
        assert aims.agreement(asked, price)[0] > aims.agreement(asked, way)[0] == 0
        assert aims.agreement(asked, way)[1] > aims.agreement(asked, price)[1]

    def test_what_most_wordings_want_and_the_question_does_not_is_told(self) -> None:
        asked = int(of("取卵疼吗")[0])
        assert aims.agreement(asked, of("取卵疼不疼", "取卵痛吗")) == (1.0, 0.0, 0.0)
        assert aims.agreement(asked, of("取卵多少钱", "取卵疼的话什么时候多少钱"))[2] > 0

    def test_a_question_of_no_aim_meets_none(self) -> None:
        assert aims.agreement(0, of("停车")) == (0.0, 0.0, 0.0)
