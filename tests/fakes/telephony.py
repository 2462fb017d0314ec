"""A carrier that keeps book of who was dialled, refuses or fails as told, and knows its calls' fates."""

import threading
from collections import Counter
from collections.abc import Callable
from uuid import UUID

from campaigns.dispatch.port import CallOrder, Fate, FateUnknown, Refused


class Crash(BaseException):
    """The process was killed."""


class FakeDialler:
    """The `Dialler` port in memory; one `call_id` is one call, as the carrier's idempotency key makes it."""

    def __init__(self) -> None:
        self.orders: list[CallOrder] = []
        self.dialled: Counter[str] = Counter()
        self.fates: dict[UUID, Fate] = {}
        self.refuse_with: str | None = None
        self.down = False
        self.before: Callable[[CallOrder], None] = lambda _order: None
        self.after: Callable[[CallOrder], None] = lambda _order: None
        self._lock = threading.Lock()

    def place(self, order: CallOrder) -> str:
        self.before(order)
        if self.refuse_with is not None:
            raise Refused(self.refuse_with)
        with self._lock:
            self.orders.append(order)
            self.dialled[order.phone_e164] += 1
            self.fates[order.call_id] = Fate(state="queued")
        self.after(order)
        return f"CA{order.call_id.hex}"

    def fate(self, call_id: UUID) -> Fate:
        if self.down:
            raise FateUnknown
        return self.fates.get(call_id, Fate(state="not_found"))
