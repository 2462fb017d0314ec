"""Asking a carrier to call, and writing down what it said; the call was committed before."""

import logging
from uuid import UUID

from telephony.calls import by_hand, service
from telephony.calls.schemas import CallRequest, CallSnapshot, Placed
from telephony.carriers.ports import CarrierRefused, CarrierUnknown, Dial
from telephony.runtime import TelephonyRuntime

log = logging.getLogger(__name__)


def place_call(runtime: TelephonyRuntime, request: CallRequest) -> Placed:
    """Places one call; the same idempotency key never dials twice.

    Raises:
        CarrierRefused: Nothing was dialled.
        CarrierUnknown: The fate is not known; ask `fetch_fate`.
        NotFound: No such carrier.
    """
    runtime.carrier(request.carrier)
    with runtime.sessions.begin() as session:
        known, may_dial = service.register(session, request, runtime.clock)
    if not may_dial:
        if known.carrier_sid:
            return Placed(carrier_sid=known.carrier_sid)
        raise CarrierUnknown("placed before")
    try:
        return _ask(runtime, known, request.persona)
    except CarrierRefused as refused:
        with runtime.sessions.begin() as session:
            service.set_refused(session, known.id, refused.code, refused.disposition, runtime.clock)
        raise


def place_prepared(runtime: TelephonyRuntime, call_id: UUID) -> None:
    """Places a call that somebody dials by hand, once; its row tells what became of it."""
    with runtime.sessions.begin() as session:
        known = by_hand.claim(session, call_id, runtime.address, runtime.clock)
    if known is None:
        return
    try:
        _ask(runtime, known, None)
    except CarrierRefused as refused:
        with runtime.sessions.begin() as session:
            by_hand.refuse(session, call_id, refused.code, refused.disposition, runtime.clock)
    except CarrierUnknown:
        log.warning("whether a call dialled by hand was placed is not known", extra={"call_id": call_id})


def give_up(runtime: TelephonyRuntime, call_id: UUID) -> None:
    """Ends a call that somebody dialled by hand and nobody has answered."""
    with runtime.sessions.begin() as session:
        carrier = runtime.carrier(service.snapshot(session, call_id).carrier)
        sid = by_hand.give_up(session, call_id, runtime.clock)
    if sid is None:
        return
    try:
        carrier.hangup(sid)
    except CarrierUnknown:
        log.warning("a call that was given up could not be cancelled", extra={"call_id": call_id})


def _ask(runtime: TelephonyRuntime, known: CallSnapshot, persona: str | None) -> Placed:
    dial = Dial(
        call_id=known.id,
        number=known.phone_e164,
        ring_timeout_seconds=known.ring_timeout_seconds,
        max_seconds=known.max_seconds,
        persona=persona,
        caller_id=known.caller_id,
    )
    try:
        sid = runtime.carrier(known.carrier).place(dial)
    except CarrierUnknown as unknown:
        with runtime.sessions.begin() as session:
            service.set_unknown(session, known.id, str(unknown), runtime.clock)
        raise
    with runtime.sessions.begin() as session:
        service.set_placed(session, known.id, sid, runtime.clock)
    return Placed(carrier_sid=sid)
