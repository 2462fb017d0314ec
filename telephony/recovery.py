"""What a killed process left behind: calls that nobody holds any more, and recordings that nobody finished."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from core_api.kit.errors import ServiceError
from telephony.calls import service
from telephony.calls.schemas import CallFate, CallSnapshot
from telephony.carriers.ports import Carrier, CarrierUnknown
from telephony.fates import fetch_fate, is_held
from telephony.runtime import TelephonyRuntime
from telephony.session.holding import keep_recording
from telephony.session.recorder import SPOOL_SUFFIX

log = logging.getLogger(__name__)

LIMIT = 500
BEGUN_BEFORE = timedelta(seconds=20)
# Whoever ended a call makes its recording playable in this time.
FINISHED_AFTER = timedelta(seconds=60)


def recover(runtime: TelephonyRuntime, alone_since: datetime | None = None) -> int:
    """Brings to their end the calls that no process holds; several processes may do so at once.

    A call that still lasts at the carrier has lost its socket: it is hung up there and written down.

    Args:
        runtime: Telephony's own.
        alone_since: When this process began, where no other holds calls: who held one before is gone, and nothing has
            to be waited for.

    Returns:
        Calls that were brought to their end.
    """
    now = runtime.clock.now()
    with runtime.sessions.begin() as session:
        waiting = service.unfinished(session, alone_since or now - BEGUN_BEFORE, LIMIT)
    ended = sum(_recover_one(runtime, call_id, alone_since) for call_id in waiting)
    _finish_recordings(runtime, alone_since or now - FINISHED_AFTER)
    return ended


def _recover_one(runtime: TelephonyRuntime, call_id: UUID, alone_since: datetime | None) -> bool:
    if runtime.live.get(call_id) is not None:
        return False
    with runtime.sessions.begin() as session:
        known = service.snapshot(session, call_id)
    if is_held(runtime, known, alone_since):
        return False
    try:
        fate = fetch_fate(runtime, call_id, alone_since)
        carrier = runtime.carrier(known.carrier)
        if known.carrier_sid and _is_lost(carrier, known, fate):
            carrier.hangup(known.carrier_sid)
            fate = fetch_fate(runtime, call_id, alone_since)
    except (CarrierUnknown, ServiceError):
        log.warning("a call could not be reconciled", extra={"call_id": call_id})
        return False
    if fate.state != "ended":
        return False
    keep_recording(runtime, call_id)
    return True


def _is_lost(carrier: Carrier, known: CallSnapshot, fate: CallFate) -> bool:
    """Whether a call that nobody holds still lasts, so that the patient would hear nothing."""
    if carrier.held_by_us:
        return fate.state not in {"ended", "not_found"}
    return fate.state == "in_progress" and known.media_at is not None


def _finish_recordings(runtime: TelephonyRuntime, ended_before: datetime) -> None:
    """Spools of calls that are over; the spool of a call that goes on belongs to the process that holds it."""
    spools: list[UUID] = []
    for spool in sorted(runtime.spools.glob(f"*{SPOOL_SUFFIX}")):
        try:
            spools.append(UUID(spool.stem))
        except ValueError:
            continue
    if not spools:
        return
    with runtime.sessions.begin() as session:
        over = service.long_ended(session, spools, ended_before)
    for call_id in over:
        keep_recording(runtime, call_id)
