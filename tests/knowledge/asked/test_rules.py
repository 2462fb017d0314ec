import pytest

from knowledge.asked import rules

pytestmark = pytest.mark.unit


class TestScrub:
    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            ("我电话13800138000", "我电话＊＊＊"),
            ("打138-0013-8000", "打＊＊＊"),
            ("身份证11010119900101775X", "身份证＊＊＊"),
            ("病历号A1234567", "病历号＊＊＊"),
            ("我叫王小梅，想问空腹吗", "我叫＊＊，想问空腹吗"),
            ("找李建国先生", "找＊先生"),
            ("邮箱a.b@c.com", "邮箱＊＊＊"),
            ("体温38.5，第14天", "体温38.5，第14天"),
            ("我是患者，问一下", "我是患者，问一下"),
        ],
    )
    def test_what_tells_who_somebody_is_goes(self, text: str, kept: str) -> None:
        assert rules.scrub(text) == kept

    def test_a_long_text_is_cut(self) -> None:
        assert len(rules.scrub("问" * 100_000)) == rules.MAX_KEPT


class TestVotes:
    @pytest.mark.parametrize(
        ("before", "now", "change"),
        [(None, True, (1, 0)), (None, False, (0, 1)), (True, False, (-1, 1)), (False, False, (0, 0))],
    )
    def test_the_last_word_counts(self, before: bool | None, now: bool, change: tuple[int, int]) -> None:
        assert rules.vote_change(before, now) == change


class TestFill:
    def test_an_unknown_placeholder_stays(self) -> None:
        assert rules.fill("在{a}和{b}", {"a": "公众号"}) == "在公众号和{b}"
