"""How often one may knock."""

import pytest

from assistant.channels.web.throttle import Throttle, TooFast

pytestmark = pytest.mark.unit


class TestThrottle:
    def test_lets_a_burst_pass_and_then_a_steady_rate(self) -> None:
        now = 0.0
        throttle = Throttle(20, lambda: now)
        assert [throttle.take("a") for _ in range(21)] == [True] * 20 + [False]
        now = 3.0
        assert [throttle.take("a"), throttle.take("a")] == [True, False]

    def test_counts_everybody_apart(self) -> None:
        throttle = Throttle(1, lambda: 0.0)
        assert [throttle.take("a"), throttle.take("b"), throttle.take("a")] == [True, True, False]

    def test_refuses_with_its_own_code(self) -> None:
        throttle = Throttle(1, lambda: 0.0)
        throttle.check("a", "太快")
        with pytest.raises(TooFast) as refused:
            throttle.check("a", "太快", "too_many_visits")
        assert (refused.value.code, refused.value.retryable) == ("too_many_visits", True)
