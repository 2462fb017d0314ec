"""How often one may knock: a bucket of tokens per key, kept wherever the processes of a site share it."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from core_api.kit.errors import TooFast

REMEMBERED = 50_000


class Buckets(Protocol):
    """Buckets by name."""

    def take(self, name: str, most: int, per_second: float) -> bool:
        """Takes a token; False when there is none.

        Args:
            name: The bucket's; a new one is full.
            most: Tokens of a full bucket.
            per_second: How fast it fills.
        """
        ...


class BucketsInProcess:
    """Buckets of this process alone, in memory; those that nobody used for longest are forgotten first."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str, most: int, per_second: float) -> bool:
        """Takes a token; False when there is none."""
        now = self._monotonic()
        with self._lock:
            left, at = self._buckets.pop(name, (float(most), now))
            left = min(float(most), left + (now - at) * per_second)
            allowed = left >= 1
            self._buckets[name] = (left - 1 if allowed else left, now)
            if len(self._buckets) > REMEMBERED:
                self._buckets.popitem(last=False)
        return allowed


class Throttle:
    """So many a minute for each key, after a burst of as many."""

    def __init__(self, name: str, per_minute: int, buckets: Buckets | None = None) -> None:
        """`name` tells one throttle's buckets from another's; without `buckets` they are this process's own."""
        self._name, self._per_minute = name, per_minute
        self._buckets = buckets or BucketsInProcess()

    def take(self, key: str) -> bool:
        """Takes a token; False when there is none."""
        return self._buckets.take(f"{self._name}:{key}", self._per_minute, self._per_minute / 60)

    def check(self, key: str, message: str, code: str | None = None) -> None:
        """Takes a token.

        Raises:
            TooFast: There is none.
        """
        if not self.take(key):
            raise TooFast(message, code=code)
