"""Trackers live for a moment: our database holds what must last, so a tracker is kept only for its own turn."""

from collections import OrderedDict
from typing import Any, Optional

from rasa.core.tracker_store import InMemoryTrackerStore

KEPT = 500


class ForgetfulTrackerStore(InMemoryTrackerStore):
    """The in-memory store with a bound: the oldest trackers go first."""

    def __init__(self, domain: Any, event_broker: Optional[Any] = None, **kwargs: Any) -> None:
        """Keeps the latest KEPT trackers."""
        kwargs.pop("host", None)
        kwargs.pop("url", None)
        super().__init__(domain, event_broker, **kwargs)
        self.store: "OrderedDict[str, Any]" = OrderedDict()

    async def save(self, tracker: Any) -> None:
        """Saves a tracker and forgets the oldest beyond the bound."""
        await super().save(tracker)
        self.store.move_to_end(tracker.sender_id)
        while len(self.store) > KEPT:
            self.store.popitem(last=False)
