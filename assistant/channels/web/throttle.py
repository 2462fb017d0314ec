"""How often one may knock, per process: counted in memory, forgotten when quiet."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from core_api.kit.errors import ServiceError

REMEMBERED = 50_000


class TooFast(ServiceError):
    default_code = "too_fast"
    status = 429
    retryable = True


class Throttle:
    """A bucket of tokens per key that fills at a steady rate."""

    def __init__(self, per_minute: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most = float(per_minute)
        self._rate = per_minute / 60
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str) -> bool:
        """Takes a token; False when there is none."""
        now = self._monotonic()
        with self._lock:
            left, at = self._buckets.pop(key, (self._most, now))
            left = min(self._most, left + (now - at) * self._rate)
            allowed = left >= 1
            self._buckets[key] = (left - 1 if allowed else left, now)
            if len(self._buckets) > REMEMBERED:
                self._buckets.popitem(last=False)
        return allowed

    def check(self, key: str, message: str, code: str | None = None) -> None:
        """Takes a token.

        Raises:
            TooFast: There is none.
        """
        if not self.take(key):
            raise TooFast(message, code=code)
