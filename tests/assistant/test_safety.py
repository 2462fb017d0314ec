"""Red flags, with negation, other people and the past."""

import pytest

from assistant.api import safety


@pytest.mark.unit
class TestCheck:
    @pytest.mark.parametrize(
        "words", ["我胸口很疼", "喘不上气", "昨晚晕倒了", "出血不止", "没有发烧，但是胸口疼", "吐血了", "不想活了"]
    )
    def test_a_red_flag_is_seen(self, words: str) -> None:
        assert safety.check(words) is not None

    @pytest.mark.parametrize(
        "words", ["没有胸痛", "不会喘不上气", "没有出现大出血", "邻居晕倒了", "去年胸痛过", "挺好的", "", None]
    )
    def test_denied_past_or_others_are_not(self, words: str | None) -> None:
        assert safety.check(words) is None
