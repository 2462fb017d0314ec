"""How often one may knock."""

from collections.abc import Iterator

import pytest
import redis

from assistant.channels.web.throttle import BucketsInProcess, Throttle
from core_api.kit.errors import TooFast
from huifang.settings import Settings
from huifang.throttling import PREFIX, BucketsInRedis, buckets
from tests.servers import REDIS_URL


@pytest.mark.unit
class TestThrottle:
    def test_lets_a_burst_pass_and_then_a_steady_rate(self) -> None:
        now = 0.0
        throttle = Throttle("t", 20, BucketsInProcess(lambda: now))
        assert [throttle.take("a") for _ in range(21)] == [True] * 20 + [False]
        now = 3.0
        assert [throttle.take("a"), throttle.take("a")] == [True, False]

    def test_counts_everybody_apart(self) -> None:
        throttle = Throttle("t", 1, BucketsInProcess(lambda: 0.0))
        assert [throttle.take("a"), throttle.take("b"), throttle.take("a")] == [True, True, False]

    def test_refuses_with_its_own_code(self) -> None:
        throttle = Throttle("t", 1, BucketsInProcess(lambda: 0.0))
        throttle.check("a", "太快")
        with pytest.raises(TooFast) as refused:
            throttle.check("a", "太快", "too_many_visits")
        assert (refused.value.code, refused.value.retryable) == ("too_many_visits", True)

    def test_keeps_its_counts_apart_from_anothers(self) -> None:
        shared = BucketsInProcess(lambda: 0.0)
        assert Throttle("one", 1, shared).take("a")
        assert Throttle("two", 1, shared).take("a")
        assert not Throttle("one", 1, shared).take("a")


@pytest.fixture
def counted() -> Iterator[redis.Redis]:
    """Redis without counts."""
    with redis.Redis.from_url(REDIS_URL) as server:
        for key in server.scan_iter(f"{PREFIX}*"):
            server.delete(key)
        yield server


@pytest.mark.db
class TestAcrossProcesses:
    def test_two_processes_count_together(self, counted: redis.Redis) -> None:
        one, other = (Throttle("messages", 4, BucketsInRedis(REDIS_URL)) for _ in range(2))
        taken = [process.take("visitor 7") for process in (one, other) * 4]
        assert sum(taken) == 4
        assert taken[:4] == [True] * 4
        assert one.take("visitor 8")

    def test_a_bucket_fills_again_and_is_forgotten_when_full(self, counted: redis.Redis) -> None:
        shared = BucketsInRedis(REDIS_URL)
        assert [shared.take("fast", 1, 1000.0), shared.take("slow", 1, 0.001)] == [True, True]
        assert not shared.take("slow", 1, 0.001)
        (fast,) = [key for key in counted.scan_iter(f"{PREFIX}*") if counted.pttl(key) < 2000]
        counted.hset(fast, "at", 0)
        assert shared.take("fast", 1, 1000.0)

    def test_what_names_a_bucket_does_not_lie_in_redis(self, counted: redis.Redis) -> None:
        BucketsInRedis(REDIS_URL).take("messages:203.0.113.7", 4, 1.0)
        kept = list(counted.scan_iter(f"{PREFIX}*"))
        assert len(kept) == 1
        assert b"203" not in kept[0]


class TestWithoutRedis:
    def test_a_process_counts_by_itself(self) -> None:
        now = 0.0
        shared = BucketsInRedis("redis://127.0.0.1:1/0", lambda: now)
        assert [shared.take("a", 2, 0.01) for _ in range(3)] == [True, True, False]

    def test_the_broker_is_used_where_it_is_redis(self) -> None:
        assert isinstance(buckets(Settings(broker_url="redis://127.0.0.1:1/0")), BucketsInRedis)
        assert isinstance(buckets(Settings(broker_url="amqp://127.0.0.1")), BucketsInProcess)
        assert isinstance(buckets(Settings(broker_url="amqp://h", redis_url="redis://127.0.0.1:1/0")), BucketsInRedis)
