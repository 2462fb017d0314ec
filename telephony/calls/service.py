"""What happens to a call in the record. Verbs take a session and never commit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.crypto import blind, seal
from core_api.kit.db import add_once, new_id
from core_api.kit.errors import NotFound
from core_api.kit.outbox import publish
from core_api.kit.paging import Page
from telephony.audio.measuring import Outline, Sound
from telephony.calls import details, ownership, quality, repository, retention, rules
from telephony.calls.models import CallEventRow, CallRow, RecordingRow
from telephony.calls.schemas import (
    Arrival,
    CallFilter,
    CallRequest,
    CallSnapshot,
    CallView,
    ConversationSpec,
    Ending,
    KeptRecording,
    MediaCounts,
    StatusUpdate,
    Waveform,
)

REFUSED = "refused"
NOT_CONFIRMED = "caller.not_confirmed"


def register(session: Session, request: CallRequest, clock: Clock) -> tuple[CallSnapshot, bool]:
    """Writes the call before the carrier is asked.

    Returns:
        The call, and whether it may be dialled: a known key may not, unless the carrier had refused it.
    """
    known = repository.by_key(session, request.idempotency_key)
    if known is not None:
        may_dial = known.state == REFUSED
        if may_dial:
            known.state, known.disposition, known.ended_at = "placing", None, None
        return repository.snapshot(session, known), may_dial
    found = CallRow(
        id=request.call_id,
        patient_id=request.patient_id,
        campaign_id=request.campaign_id,
        idempotency_key=request.idempotency_key,
        dialled_by_id=request.dialled_by_id,
        caller_id=request.caller_id,
        conversation_id=request.conversation.conversation_id,
        response_id=request.conversation.response_id,
        carrier=request.carrier,
        phone_sealed=seal(session, "calls.phone", request.call_id, request.phone_e164),
        phone_index=blind(session, "phone", request.phone_e164),
        conversation_sealed=seal(
            session, "calls.conversation", request.call_id, request.conversation.model_dump_json()
        ),
        ring_timeout_seconds=request.ring_timeout_seconds,
        max_seconds=request.max_seconds,
        created_at=clock.now(),
    )
    session.add(found)
    session.flush()
    return repository.snapshot(session, found), True


def register_arrival(session: Session, arrival: Arrival, clock: Clock) -> CallSnapshot:
    """Writes a call to us down; told of again it is the same call."""
    key = f"in:{arrival.carrier}:{arrival.carrier_sid}"[:80]
    known = repository.by_key(session, key, lock=False)
    if known is not None:
        return repository.snapshot(session, known)
    identity = new_id()
    spec = ConversationSpec(
        conversation_id=new_id(), purpose=rules.INBOUND, hospital_name=arrival.hospital_name, caller=arrival.caller
    )
    number = arrival.caller or ""
    found = CallRow(
        id=identity,
        patient_id=None,
        idempotency_key=key,
        conversation_id=spec.conversation_id,
        carrier=arrival.carrier,
        carrier_sid=arrival.carrier_sid,
        direction=rules.INBOUND,
        phone_sealed=seal(session, "calls.phone", identity, number),
        phone_index=blind(session, "phone", number) if number else "",
        conversation_sealed=seal(session, "calls.conversation", identity, spec.model_dump_json()),
        state="ringing",
        ring_timeout_seconds=0,
        max_seconds=arrival.max_seconds,
        created_at=clock.now(),
    )
    if not add_once(session, found):
        again = repository.by_key(session, key)
        if again is None:
            raise NotFound("没有这通电话")
        return repository.snapshot(session, again)
    add_event(session, identity, "call.arrived", {}, clock, key="arrived")
    publish(session, "call.started", identity, _ids(found), clock)
    return repository.snapshot(session, found)


def set_caller(session: Session, conversation_id: UUID, patient_id: UUID, clock: Clock) -> None:
    """Who calls has been confirmed; the first confirmation stands."""
    found = repository.by_conversation(session, conversation_id)
    if found is not None and found.direction == rules.INBOUND and found.patient_id is None:
        found.patient_id = patient_id
        add_event(session, found.id, "caller.confirmed", {}, clock, key="confirmed")


def take_up(session: Session, call_id: UUID, spec: ConversationSpec, campaign_id: UUID, clock: Clock) -> None:
    """In a call to us a follow-up begins: from here on the call is known by what it asks."""
    found = repository.row(session, call_id, lock=True)
    known = repository.snapshot(session, found).conversation
    begun = spec.model_copy(update={"purpose": known.purpose, "caller": known.caller})
    sealed = seal(session, "calls.conversation", call_id, begun.model_dump_json())
    found.campaign_id, found.response_id = campaign_id, spec.response_id
    found.conversation_sealed = sealed or ""
    add_event(session, call_id, "follow_up.begun", {}, clock, key="follow_up")


def note_unconfirmed(session: Session, conversation_id: UUID, clock: Clock) -> None:
    """A caller's second fact did not fit in all their tries."""
    found = repository.by_conversation(session, conversation_id)
    if found is not None:
        add_event(session, found.id, NOT_CONFIRMED, {}, clock, key="not_confirmed")


def failed_checks(session: Session, number: str, since: datetime) -> int:
    """In how many calls since a moment a number's callers failed to say who they are."""
    return repository.failed_checks(session, blind(session, "phone", number), since, NOT_CONFIRMED)


def caller(session: Session, call_id: UUID) -> str | None:
    """The number of who called us, in the clear; whoever asks has the reading audited."""
    found = repository.snapshot(session, repository.row(session, call_id))
    return found.conversation.caller if found.direction == rules.INBOUND else None


def set_placed(session: Session, call_id: UUID, carrier_sid: str, clock: Clock) -> None:
    """The carrier took the call; callbacks may have come before its answer."""
    found = repository.row(session, call_id, lock=True)
    if found.carrier_sid is None or found.state == "placing":
        found.carrier_sid = carrier_sid
    if found.state in {"placing", "unknown"}:
        found.state = "queued"
    add_event(session, call_id, "call.placed", {}, clock, key="placed")
    publish(session, "call.started", call_id, _ids(found), clock)


def set_refused(session: Session, call_id: UUID, code: str, disposition: str, clock: Clock) -> None:
    """The carrier did not take the call; whoever asked is told by an exception, so no event goes up."""
    found = repository.row(session, call_id, lock=True)
    found.state, found.disposition, found.ended_at = REFUSED, disposition, clock.now()
    add_event(session, call_id, "carrier.refused", {"code": code}, clock)


def set_unknown(session: Session, call_id: UUID, reason: str, clock: Clock) -> None:
    """Whether the carrier took the call is not known."""
    found = repository.row(session, call_id, lock=True)
    if found.state == "placing":
        found.state = "unknown"
    add_event(session, call_id, "carrier.unknown", {"reason": reason}, clock)


def take_status(session: Session, call_id: UUID, update: StatusUpdate, clock: Clock) -> bool:
    """One status callback: repeated ones change nothing, late ones never turn a call back.

    Returns:
        Whether it was new.
    """
    found = repository.row(session, call_id, lock=True)
    key = f"status:{update.sid}:{update.sequence}"[:100]
    if repository.has_event(session, call_id, key):
        return False
    add_event(
        session, call_id, "carrier.status", {"status": update.status, "sequence": update.sequence}, clock, key=key
    )
    found.carrier_sid = found.carrier_sid or update.sid
    found.carrier_status = rules.later_status(found.carrier_status, update.status)
    if found.ended_at is not None:
        return True
    status = found.carrier_status or ""
    if rules.is_final(status):
        _carrier_ended(session, found, update, clock)
    elif status in rules.RANK:
        found.state = rules.STATES[rules.RANK[status]]
        if found.state == "in_progress":
            _answered(session, found, clock)
    return True


def take_answered_by(session: Session, call_id: UUID, answered_by: str, clock: Clock) -> None:
    """The carrier's guess whether a person or a machine answered."""
    found = repository.row(session, call_id, lock=True)
    found.answered_by = answered_by[:30]
    add_event(session, call_id, "carrier.answered_by", {"answered_by": answered_by[:30]}, clock, key="amd")


def start_media(
    session: Session, call_id: UUID, sid: str, source: str, clock: Clock, *, held_at: str = ""
) -> CallSnapshot:
    """The audio is connected, at a process of ours: somebody, or something, answered."""
    found = repository.row(session, call_id, lock=True)
    if found.ended_at is None:
        found.carrier_sid = found.carrier_sid or sid
        found.state, found.media_at, found.transcript_source = "in_progress", clock.now(), source
        found.media_seen_at, found.held_at = found.media_at, held_at or None
        _answered(session, found, clock)
    add_event(session, call_id, "media.started", {"transcript_source": source}, clock)
    return repository.snapshot(session, found)


def finish(session: Session, call_id: UUID, ending: Ending, clock: Clock) -> bool:
    """Ends a call once; everything else that comes of it hears `call.ended`.

    Returns:
        Whether this was what ended it.
    """
    found = repository.row(session, call_id, lock=True)
    if found.ended_at is not None:
        return False
    now = clock.now()
    found.state, found.disposition, found.ended_at = "ended", ending.disposition, now
    found.response_id = ending.response_id or found.response_id
    begun = found.answered_at
    lasted = ending.duration_seconds
    found.duration_seconds = lasted if lasted is not None else int((now - begun).total_seconds()) if begun else 0
    ownership.release(session, found.conversation_id, "", clock)
    add_event(session, call_id, "call.ended", {"disposition": ending.disposition}, clock, key="ended")
    data = _ids(found) | {
        "disposition": ending.disposition,
        "answered": begun is not None,
        "callback_at": ending.callback_at.isoformat() if ending.callback_at else None,
        "response_id": str(found.response_id) if found.response_id else None,
        "completed": ending.completed,
        "duration_seconds": found.duration_seconds,
        "note_code": ending.note_code,
    }
    publish(session, "call.ended", call_id, data, clock)
    return True


def beat(session: Session, call_id: UUID, clock: Clock) -> None:
    """A process says that it still holds the call's audio."""
    repository.note_seen(session, call_id, clock.now())


def interrupt(session: Session, call_id: UUID, clock: Clock, disposition: str = rules.INTERRUPTED) -> str | None:
    """Ends a call that nobody has answered yet, because the process ends or whoever dialled it gave up.

    Returns:
        The carrier's id to hang up; None for a call that is over, is being talked on, or may not have been placed.
    """
    found = repository.row(session, call_id, lock=True)
    if found.ended_at is not None or found.media_at is not None or found.carrier_sid is None:
        return None
    finish(session, call_id, Ending(disposition=disposition), clock)
    return found.carrier_sid


def add_event(  # noqa: PLR0913 - an event's parts
    session: Session,
    call_id: UUID,
    kind: str,
    data: dict[str, Any],
    clock: Clock,
    *,
    key: str | None = None,
    at: datetime | None = None,
) -> None:
    """Notes something in the call's history; the same key is noted once."""
    if key is not None and repository.has_event(session, call_id, key):
        return
    identity = new_id()
    session.add(
        CallEventRow(
            id=identity, call_id=call_id, dedupe_key=key or str(identity), kind=kind, at=at or clock.now(), data=data
        )
    )
    session.flush()


def set_recording(
    session: Session, call_id: UUID, kept: KeptRecording, clock: Clock, outline: Outline | None = None
) -> None:
    """Keeps where a call's audio lies, and its shape; the last word counts."""
    call = repository.snapshot(session, repository.row(session, call_id))
    row = RecordingRow(call_id=call_id, state=repository.READY, created_at=clock.now())
    row.kind = retention.kind_of(call)
    row.file_name, row.format = kept.file_name, kept.format
    row.duration_ms, row.size_bytes = kept.duration_ms, kept.size_bytes
    session.merge(row)
    if outline is not None:
        drawn = Waveform(step_ms=outline.step_ms, patient=list(outline.patient), bot=list(outline.bot))
        repository.keep_waveform(session, call_id, drawn)


def measure_quality(session: Session, call_id: UUID, sound: Sound | None, pace: float, clock: Clock) -> None:
    """Measures how a call went that was talked on; once more only with more to go by."""
    found = repository.row(session, call_id)
    if found.media_at is None or (sound is None and repository.quality(session, call_id) is not None):
        return
    events = repository.events(session, call_id)
    turns = details.turns(session, repository.view(session, found), events, pace)
    measured = quality.measured(turns, events, found.bad_frames, sound)
    repository.keep_quality(session, call_id, measured, clock.now())


def snapshot(session: Session, call_id: UUID) -> CallSnapshot:
    """The call for telephony's own use."""
    return repository.snapshot(session, repository.row(session, call_id))


def of_conversation(session: Session, conversation_id: UUID) -> CallView | None:
    """The newest call of a conversation."""
    found = repository.by_conversation(session, conversation_id)
    return None if found is None else repository.view(session, found)


def unfinished(session: Session, before: datetime, limit: int) -> list[UUID]:
    """Calls that are not over and began before a moment, oldest first."""
    return repository.unfinished(session, before, limit)


def by_sid(session: Session, carrier_sid: str) -> UUID | None:
    """The call that its carrier knows by an id."""
    return repository.by_sid(session, carrier_sid)


def is_anothers(session: Session, call_id: UUID, carrier_sid: str) -> bool:
    """Whether the carrier's id is known as another call's."""
    return repository.by_sid(session, carrier_sid) not in {None, call_id}


def long_ended(session: Session, call_ids: Sequence[UUID], before: datetime) -> set[UUID]:
    """Which of the calls were over before a moment."""
    return repository.ended_before(session, call_ids, before)


def count_media(session: Session, call_id: UUID, counts: MediaCounts) -> str | None:
    """Writes down what the media session counted; returns who answered, as far as known by then."""
    found = repository.row(session, call_id)
    found.turns, found.bad_frames, found.late_frames = counts.turns, counts.bad_frames, counts.late_frames
    return found.answered_by


def view(session: Session, call_id: UUID) -> CallView:
    return repository.view(session, repository.row(session, call_id))


def page(session: Session, chosen: CallFilter, cursor: str | None = None, limit: int = 50) -> Page[CallView]:
    return repository.page(session, chosen, cursor, limit)


def _answered(session: Session, found: CallRow, clock: Clock) -> None:
    if found.answered_at is None:
        found.answered_at = clock.now()
        publish(session, "call.answered", found.id, _ids(found), clock)


def _carrier_ended(session: Session, found: CallRow, update: StatusUpdate, clock: Clock) -> None:
    """Nobody answered: the call is over. Somebody did: its session ends it, or the sweep if the session is lost."""
    found.carrier_ended_at = found.carrier_ended_at or clock.now()
    disposition = update.disposition or rules.unanswered_disposition(update.status, update.sip_code)
    if disposition and found.media_at is None:
        finish(session, found.id, Ending(disposition=disposition), clock)


def _ids(found: CallRow) -> dict[str, Any]:
    return {
        "call_id": str(found.id),
        "attempt_id": found.idempotency_key,
        "patient_id": str(found.patient_id) if found.patient_id else None,
        "direction": found.direction,
        "dialled_by_id": str(found.dialled_by_id) if found.dialled_by_id else None,
        "campaign_id": str(found.campaign_id) if found.campaign_id else None,
        "conversation_id": str(found.conversation_id) if found.conversation_id else None,
    }
