"""Before the process ends: no call is left ringing into nothing, and who is on the line is told."""

import asyncio
import logging
import time
from datetime import timedelta
from uuid import UUID

from telephony.calls import service
from telephony.carriers.ports import CarrierUnknown
from telephony.runtime import TelephonyRuntime
from telephony.session.turn import GoingAway

log = logging.getLogger(__name__)

POLL_SECONDS = 0.1
LIMIT = 500
JUST_NOW = timedelta(seconds=5)


async def wind_down(runtime: TelephonyRuntime, *, within_seconds: float, cancel_unanswered: bool) -> None:
    """Closes the calls of this process; nothing may place new ones any more.

    Args:
        runtime: Telephony's own.
        within_seconds: Real seconds that live calls have to say good-bye; the rest lose their line afterwards.
        cancel_unanswered: Calls that still ring are cancelled at the carrier and recorded as interrupted. Only where
            no other process could answer them.
    """
    if cancel_unanswered:
        await runtime.in_thread(_cancel_unanswered, runtime)
    until = time.monotonic() + within_seconds
    told: set[UUID] = set()
    while len(runtime.live) and time.monotonic() < until:
        for call_id, call in runtime.live.items():
            if call_id not in told:
                told.add(call_id)
                call.tell(GoingAway())
        await asyncio.sleep(POLL_SECONDS)


def _cancel_unanswered(runtime: TelephonyRuntime) -> None:
    """Writes the end down before the carrier is asked, so that its own report of the cancelling changes nothing."""
    with runtime.sessions.begin() as session:
        waiting = service.unfinished(session, runtime.clock.now() + JUST_NOW, LIMIT)
    for call_id in waiting:
        if runtime.live.get(call_id) is not None:
            continue
        with runtime.sessions.begin() as session:
            carrier = runtime.carrier(service.snapshot(session, call_id).carrier)
            sid = service.interrupt(session, call_id, runtime.clock)
        if sid is None:
            continue
        try:
            carrier.hangup(sid)
        except CarrierUnknown:
            log.warning("a ringing call could not be cancelled", extra={"call_id": call_id})
