"""Telephony's door: place calls, learn their fate, look them up; routers for the composition root."""

import logging
from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core_api.kit.errors import ServiceError
from core_api.kit.paging import Page
from telephony.calls import endpoints, rules, service
from telephony.calls.schemas import (
    CallFate,
    CallFilter,
    CallRequest,
    CallSnapshot,
    CallView,
    ConversationSpec,
    Ending,
    Placed,
)
from telephony.carriers.ports import CarrierCall, CarrierRefused, CarrierUnknown, Dial
from telephony.carriers.twilio import TwilioAccount, TwilioCarrier
from telephony.runtime import TelephonyRuntime, VoiceSettings
from telephony.session.conversation import Conversations, Heard, Outcome, Spoken
from telephony.session.recorder import SPOOL_SUFFIX
from telephony.session.socket import keep_recording
from telephony.speech.synthesis import EspeakSynthesizer, Synthesizer, Voice
from telephony.webhooks import router as webhooks

__all__ = [
    "CallFate",
    "CallFilter",
    "CallRequest",
    "CallView",
    "CarrierRefused",
    "CarrierUnknown",
    "ConversationSpec",
    "Conversations",
    "EspeakSynthesizer",
    "Heard",
    "Outcome",
    "Placed",
    "Spoken",
    "Synthesizer",
    "TelephonyRuntime",
    "TwilioAccount",
    "TwilioCarrier",
    "Voice",
    "VoiceSettings",
    "call",
    "call_of_conversation",
    "calls",
    "fetch_fate",
    "place_call",
    "recover",
    "routers",
]

log = logging.getLogger(__name__)

FIND_BEFORE = timedelta(minutes=1)
SWEEP_LIMIT = 500
SWEEP_AFTER = timedelta(seconds=20)

routers: list[APIRouter] = [endpoints.router, webhooks]


def place_call(runtime: TelephonyRuntime, request: CallRequest) -> Placed:
    """Places one call; the same idempotency key never dials twice.

    Raises:
        CarrierRefused: Nothing was dialled.
        CarrierUnknown: The fate is not known; ask `fetch_fate`.
        NotFound: No such carrier.
    """
    carrier = runtime.carrier(request.carrier)
    with runtime.sessions.begin() as session:
        known, may_dial = service.register(session, request, runtime.clock)
    if not may_dial:
        if known.carrier_sid:
            return Placed(carrier_sid=known.carrier_sid)
        raise CarrierUnknown("placed before")
    dial = Dial(
        call_id=known.id,
        number=request.phone_e164,
        ring_timeout_seconds=request.ring_timeout_seconds,
        max_seconds=request.max_seconds,
        persona=request.persona,
    )
    try:
        sid = carrier.place(dial)
    except CarrierRefused as refused:
        with runtime.sessions.begin() as session:
            service.set_refused(session, known.id, refused.code, refused.disposition, runtime.clock)
        raise
    except CarrierUnknown as unknown:
        with runtime.sessions.begin() as session:
            service.set_unknown(session, known.id, str(unknown), runtime.clock)
        raise
    with runtime.sessions.begin() as session:
        service.set_placed(session, known.id, sid, runtime.clock)
    return Placed(carrier_sid=sid)


def fetch_fate(runtime: TelephonyRuntime, call_id: UUID) -> CallFate:
    """Asks the carrier what became of a call, and writes its end down if it is over and nobody holds it here.

    Raises:
        CarrierUnknown: The carrier cannot be asked now.
        NotFound: No such call.
    """
    with runtime.sessions.begin() as session:
        known = service.snapshot(session, call_id)
    if known.ended_at is not None:
        return CallFate(state="ended", disposition=known.disposition)
    if runtime.live.get(call_id) is not None:
        return CallFate(state="in_progress")
    carrier = runtime.carrier(known.carrier)
    told = carrier.fetch(known.carrier_sid) if known.carrier_sid else None
    told = told or carrier.find(known.phone_e164, known.created_at - FIND_BEFORE / carrier.pace)
    if told is None:
        return CallFate(state="not_found")
    with runtime.sessions.begin() as session:
        service.set_placed(session, call_id, told.sid, runtime.clock)
    if told.state != "ended":
        return CallFate(state=told.state)
    return _write_end(runtime, known, told)


def call(session: Session, call_id: UUID) -> CallView:
    """One call."""
    return service.view(session, call_id)


def call_of_conversation(session: Session, conversation_id: UUID) -> CallView | None:
    """The newest call that a conversation was held on; None for one of another channel."""
    return service.of_conversation(session, conversation_id)


def calls(session: Session, chosen: CallFilter, cursor: str | None = None, limit: int = 50) -> Page[CallView]:
    """Calls, newest first."""
    return service.page(session, chosen, cursor, limit)


def recover(runtime: TelephonyRuntime) -> int:
    """At a start: finishes recordings of a killed process, and asks the carrier after calls that were under way.

    A call that still lasts at the carrier has lost its socket: it is hung up there and written down by the next sweep.

    Returns:
        Calls that were brought to their end.
    """
    _finish_recordings(runtime)
    with runtime.sessions.begin() as session:
        waiting = service.unfinished(session, runtime.clock.now() - SWEEP_AFTER, SWEEP_LIMIT)
    return sum(_recover_one(runtime, call_id) for call_id in waiting)


def _recover_one(runtime: TelephonyRuntime, call_id: UUID) -> bool:
    if runtime.live.get(call_id) is not None:
        return False
    try:
        fate = fetch_fate(runtime, call_id)
        if fate.state == "in_progress":
            with runtime.sessions.begin() as session:
                known = service.snapshot(session, call_id)
            if known.media_at is not None and known.carrier_sid:
                runtime.carrier(known.carrier).hangup(known.carrier_sid)
                fate = fetch_fate(runtime, call_id)
    except (CarrierUnknown, ServiceError):
        log.warning("a call could not be reconciled", extra={"call_id": str(call_id)})
        return False
    return fate.state == "ended"


def _finish_recordings(runtime: TelephonyRuntime) -> None:
    for spool in sorted(runtime.spools.glob(f"*{SPOOL_SUFFIX}")):
        try:
            call_id = UUID(spool.stem)
        except ValueError:
            continue
        if runtime.live.get(call_id) is None:
            keep_recording(runtime, call_id)


def _write_end(runtime: TelephonyRuntime, known: CallSnapshot, told: CarrierCall) -> CallFate:
    """The carrier says it is over and nobody here holds it."""
    disposition = rules.unanswered_disposition(told.status, None) if known.media_at is None else None
    outcome = Outcome(response_id=known.conversation.response_id)
    if disposition is None:
        try:
            outcome = runtime.conversations.outcome(known.conversation)
        except (ServiceError, SQLAlchemyError, OSError):
            log.warning("outcome not known", extra={"call_id": str(known.id)})
        answered_by = told.answered_by or known.answered_by
        disposition = rules.spoken_disposition(outcome.disposition, answered_by, int(known.media_at is not None), False)
    ending = Ending(
        disposition=disposition,
        completed=outcome.completed,
        callback_at=outcome.callback_at,
        response_id=outcome.response_id,
        note_code=outcome.note_code,
    )
    with runtime.sessions.begin() as session:
        service.finish(session, known.id, ending, runtime.clock)
    return CallFate(state="ended", disposition=disposition)
