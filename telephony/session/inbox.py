"""What is told to a call's session, one after the other; events are taken by whoever has the call."""

import asyncio

from telephony.session.ear import Ear
from telephony.session.tempo import Tempo
from telephony.session.turn import Ended, GoingAway, Interruption, NothingMore, Unclear, Unwritten
from telephony.session.wire import Key, Partial, Transcript

LONGEST_MORE_SECONDS = 15.0
LOOK_SECONDS = 0.2
SAID = (Transcript, Unwritten, Key, Partial, Interruption, Unclear, NothingMore)


class Inbox:
    """Events of one call, in order.

    Args:
        tempo: The call's time.
    """

    def __init__(self, tempo: Tempo) -> None:
        self._tempo = tempo
        self._events: asyncio.Queue[object] = asyncio.Queue()
        self.put = self._events.put_nowait

    async def next(self, deadline: float) -> object | None:
        """The next event; None at a deadline in call seconds."""
        try:
            return await asyncio.wait_for(self._events.get(), self._tempo.real(deadline - self._tempo.now()))
        except TimeoutError:
            return None

    def forget_early(self) -> int:
        """Drops what was said or pressed while an answer was thought about; how many answers that were."""
        events = self._all()
        for item in events:
            if not isinstance(item, SAID):
                self.put(item)
        return sum(1 for item in events if isinstance(item, Transcript | Unwritten | Key))

    async def more(self, ear: Ear) -> Transcript | Unwritten | None:
        """Waits for the end of what the patient goes on with; what else came meanwhile stays."""
        found: Transcript | Unwritten | None = None
        passed: list[object] = []
        until = self._tempo.now() + LONGEST_MORE_SECONDS
        while found is None and (ear.goes_on or not self._events.empty()) and self._tempo.now() < until:
            item = await self.next(self._tempo.now() + LOOK_SECONDS)
            if isinstance(item, Transcript | Unwritten) and item.continues:
                found = item
            elif item is not None:
                passed.append(item)
            if isinstance(item, Ended | GoingAway):
                break
        for item in [*passed, *self._all()]:
            self.put(item)
        return found

    def _all(self) -> list[object]:
        events = []
        while not self._events.empty():
            events.append(self._events.get_nowait())
        return events
