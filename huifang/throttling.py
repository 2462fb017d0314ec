"""Buckets of tokens in Redis, shared by all processes of a site."""

import hashlib
import logging
import time
from collections.abc import Callable

import redis

from assistant.api import Buckets, BucketsInProcess
from huifang.settings import Settings

log = logging.getLogger(__name__)

PREFIX = "huifang:throttle:"
TIMEOUT_SECONDS = 0.3
REST_SECONDS = 10.0
"""So long Redis is left alone after it did not answer."""
TAKE = """
local kept = redis.call('HMGET', KEYS[1], 'left', 'at')
local told = redis.call('TIME')
local now = tonumber(told[1]) + tonumber(told[2]) / 1000000
local most, rate = tonumber(ARGV[1]), tonumber(ARGV[2])
local left = math.min(most, (tonumber(kept[1]) or most) + math.max(0, now - (tonumber(kept[2]) or now)) * rate)
local allowed = 0
if left >= 1 then left, allowed = left - 1, 1 end
redis.call('HSET', KEYS[1], 'left', tostring(left), 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil((most - left) / rate * 1000) + 1000)
return allowed
"""


class BucketsInRedis:
    """One script per token, by Redis's own clock; while Redis does not answer, each process counts by itself."""

    def __init__(self, url: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Contacts nobody yet."""
        self._client = redis.Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS)
        self._take = self._client.register_script(TAKE)
        self._own = BucketsInProcess(monotonic)
        self._monotonic, self._away_until = monotonic, 0.0

    def take(self, name: str, most: int, per_second: float) -> bool:
        """Takes a token; False when there is none. What names the bucket is hashed."""
        if self._monotonic() >= self._away_until:
            key = PREFIX + hashlib.sha256(name.encode()).hexdigest()[:40]
            try:
                return bool(self._take(keys=[key], args=[most, per_second]))
            except redis.RedisError:
                self._away_until = self._monotonic() + REST_SECONDS
                log.warning("Redis does not count how fast visitors write; this process counts by itself")
        return self._own.take(name, most, per_second)


def buckets(settings: Settings) -> Buckets:
    """Redis's where one is set, else this process's own."""
    return BucketsInRedis(settings.redis) if settings.redis else BucketsInProcess()
