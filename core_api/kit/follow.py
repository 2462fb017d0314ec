"""Following the outbox from any process: each event once, also one that commits after a later one."""

from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core_api.kit.outbox import Event, OutboxEvent, event_of

# A number that is not there may belong to a transaction that has yet to commit, or to one that rolled back.
GAP_LIVES = timedelta(seconds=30)
GAPS_MAX = 2_000
LIMIT = 2_000
LOOK_BACK = 200
"""Among the last so many, one may commit only after the first poll."""


class Follower:
    """Remembers the last number read and the gaps below it, so that a poll reads only what is new."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._gaps: dict[int, datetime] = {}

    def poll(self, session: Session, now: datetime) -> list[Event]:
        """Events since the last poll, at most LIMIT; the first poll brings the last few that are there."""
        if self._last is None:
            self._last = max(0, (session.scalar(select(func.max(OutboxEvent.seq))) or 0) - LOOK_BACK)
        self._gaps = {seq: since for seq, since in self._gaps.items() if now - since < GAP_LIVES}
        row = OutboxEvent
        wanted = row.seq > self._last if not self._gaps else or_(row.seq > self._last, row.seq.in_(self._gaps))
        found = [event_of(one) for one in session.scalars(select(row).where(wanted).order_by(row.seq).limit(LIMIT))]
        for event in found:
            self._gaps.pop(event.seq, None)
            self._remember(event.seq, now)
        return found

    def _remember(self, seq: int, now: datetime) -> None:
        last = self._last or 0
        if seq > last:
            self._gaps |= dict.fromkeys(range(max(last + 1, seq - GAPS_MAX), seq), now)
            self._last = seq
        while len(self._gaps) > GAPS_MAX:
            self._gaps.pop(next(iter(self._gaps)))
