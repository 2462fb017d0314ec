"""Totals of long lists, counted again only after a moment: a count reads every row that it counts."""

import time
from collections.abc import Callable, Hashable
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

LONG = 2_000
"""Shorter lists are counted each time: there a total that is not exact would be seen."""
KEPT_SECONDS = 5.0
MAX_KEPT = 1_000

_kept: WeakKeyDictionary[Engine, dict[Hashable, tuple[float, int]]] = WeakKeyDictionary()


def recent(session: Session, key: Hashable, count: Callable[[], int]) -> int:
    """A total not older than KEPT_SECONDS when the list is long, else as it is now.

    Args:
        session: Its database is what the total belongs to.
        key: What is counted: the list and its filter, without personal data.
        count: Counts.
    """
    bound = session.get_bind()
    engine = bound.engine if isinstance(bound, Connection) else bound
    totals = _kept.setdefault(engine, {})
    at, total = totals.get(key, (0.0, 0))
    if total >= LONG and time.monotonic() - at < KEPT_SECONDS:
        return total
    if len(totals) >= MAX_KEPT:
        totals.clear()
    total = count()
    totals[key] = time.monotonic(), total
    return total
