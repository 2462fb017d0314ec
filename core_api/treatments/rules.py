"""Pure decisions about treatment events."""

from collections.abc import Sequence
from datetime import date, timedelta

from core_api.treatments.schemas import EventKind, TreatmentEvent

# Two imports that give dates this close for one patient speak of one embryo transfer, whose date was corrected: a
# cycle takes about 28 days, so that a second transfer after a failed one cannot follow sooner.
SAME_CYCLE = timedelta(days=14)


def transplant_kind(stage: str | None, department: str | None) -> EventKind | None:
    """The event that 术后随访 in a transplant department is counted from; None elsewhere."""
    if stage != "术后随访" or not department:
        return None
    if "肾" in department:
        return "transplant_kidney"
    return "transplant_liver" if "肝" in department else None


def same_transfer(earlier: Sequence[TreatmentEvent], on: date, taken: Sequence[str]) -> TreatmentEvent | None:
    """The transfer of which a source gives this date: the same date, else the nearest of the same cycle.

    Args:
        earlier: Events of one patient; other kinds are passed over.
        on: The date given.
        taken: Source keys that other rows of the same source have claimed.
    """
    free = [event for event in earlier if event.kind == "transfer" and event.source_key not in taken]
    near = [event for event in free if abs(event.occurred_on - on) <= SAME_CYCLE]
    return min(near, key=lambda event: abs(event.occurred_on - on), default=None)
