"""What became of a call, asked of the carrier and written down where nobody else did."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from core_api.kit.errors import ServiceError
from telephony.calls import rules, service
from telephony.calls.schemas import CallFate, CallSnapshot, Ending
from telephony.carriers.ports import Carrier, CarrierCall
from telephony.runtime import TelephonyRuntime
from telephony.session.conversation import Outcome
from telephony.session.holding import BEAT_SECONDS

log = logging.getLogger(__name__)

FIND_BEFORE = timedelta(minutes=1)
# Whoever holds a call says so every BEAT_SECONDS; a process that misses three beats is gone.
SILENT_AFTER = timedelta(seconds=3 * BEAT_SECONDS)
# A call that its carrier does not know so long after we wrote it down was never placed.
NEVER_PLACED_AFTER = timedelta(seconds=120)


def fetch_fate(runtime: TelephonyRuntime, call_id: UUID, alone_since: datetime | None = None) -> CallFate:
    """Asks the carrier what became of a call, and writes its end down if it is over and nobody holds it here.

    Args:
        runtime: Telephony's own.
        call_id: The call.
        alone_since: As `recover` takes it.

    Raises:
        CarrierUnknown: The carrier cannot be asked now.
        NotFound: No such call.
    """
    with runtime.sessions.begin() as session:
        known = service.snapshot(session, call_id)
    if known.ended_at is not None:
        return _ended(known, known.disposition, _spoken_outcome(runtime, known))
    carrier = runtime.carrier(known.carrier)
    if runtime.live.get(call_id) is not None or (carrier.held_by_us and is_held(runtime, known, alone_since)):
        return CallFate(state="in_progress")
    told = carrier.fetch(known.carrier_sid) if known.carrier_sid else None
    told = told or _find(runtime, carrier, known) or _forgotten(carrier, known)
    if told is None:
        return _not_found(runtime, carrier, known)
    with runtime.sessions.begin() as session:
        service.set_placed(session, call_id, told.sid, runtime.clock)
    if told.state != "ended":
        return CallFate(state=told.state)
    return _write_end(runtime, known, told)


def _not_found(runtime: TelephonyRuntime, carrier: Carrier, known: CallSnapshot) -> CallFate:
    """The carrier knows no such call: after a while it is certain that nobody was dialled, where it never forgets."""
    if runtime.clock.now() - known.created_at < NEVER_PLACED_AFTER:
        return CallFate(state="not_found")
    disposition = rules.INTERRUPTED if carrier.held_by_us else rules.NOT_PLACED
    with runtime.sessions.begin() as session:
        service.finish(session, known.id, Ending(disposition=disposition), runtime.clock)
    return CallFate(state="ended", disposition=disposition)


def _find(runtime: TelephonyRuntime, carrier: Carrier, known: CallSnapshot) -> CarrierCall | None:
    """The call by its number and time; one that another call of ours is known by is not this one."""
    if known.direction == rules.INBOUND:
        return None
    told = carrier.find(known.id, known.phone_e164, known.created_at - FIND_BEFORE / carrier.pace)
    if told is None:
        return None
    with runtime.sessions.begin() as session:
        return None if service.is_anothers(session, known.id, told.sid) else told


def _forgotten(carrier: Carrier, known: CallSnapshot) -> CarrierCall | None:
    """A call that was placed, and that nobody holds or knows any more, is over."""
    if carrier.held_by_us and known.carrier_sid is not None:
        return CarrierCall(known.carrier_sid, "ended", "failed")
    return None


def is_held(runtime: TelephonyRuntime, known: CallSnapshot, alone_since: datetime | None = None) -> bool:
    """Whether a process has said lately that it holds the call; what was said before we were alone counts no more."""
    seen = known.media_seen_at or known.media_at
    return seen is not None and seen > (alone_since or runtime.clock.now() - SILENT_AFTER)


def _write_end(runtime: TelephonyRuntime, known: CallSnapshot, told: CarrierCall) -> CallFate:
    """The carrier says it is over and nobody here holds it."""
    disposition = rules.unanswered_disposition(told.status, None) if known.media_at is None else None
    outcome = Outcome(response_id=known.conversation.response_id)
    if disposition is None:
        outcome = _spoken_outcome(runtime, known)
        answered_by = told.answered_by or known.answered_by
        # Answered at the carrier, but no word of ours: our side was away.
        unheard = known.media_at is None
        disposition = rules.spoken_disposition(outcome.disposition, answered_by, int(not unheard), failed=unheard)
    ending = Ending(
        disposition=disposition,
        completed=outcome.completed,
        callback_at=outcome.callback_at,
        response_id=outcome.response_id,
        note_code=outcome.note_code,
    )
    with runtime.sessions.begin() as session:
        service.finish(session, known.id, ending, runtime.clock)
    return _ended(known, disposition, outcome)


def _spoken_outcome(runtime: TelephonyRuntime, known: CallSnapshot) -> Outcome:
    """What the dialogue came to, a promised time to call back among it; nothing where nobody spoke."""
    if known.media_at is not None or known.disposition is None:
        try:
            return runtime.conversations.outcome(known.conversation)
        except (ServiceError, SQLAlchemyError, OSError):
            log.warning("outcome not known", extra={"call_id": str(known.id)})
    return Outcome(response_id=known.conversation.response_id)


def _ended(known: CallSnapshot, disposition: str | None, outcome: Outcome) -> CallFate:
    return CallFate(
        state="ended",
        disposition=disposition,
        answered=known.media_at is not None,
        completed=outcome.completed,
        callback_at=outcome.callback_at,
        response_id=outcome.response_id,
    )
