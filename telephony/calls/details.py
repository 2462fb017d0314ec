"""A call's transcript: the conversation's messages with their place in the recording and their latency."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from assistant import api as assistant
from telephony.calls import repository, rules
from telephony.calls.schemas import CallDetail, CallEventView, CallView, RecordingView, TurnView

Places = Mapping[str, tuple[int, int]]


def of(session: Session, call: CallView, pace: float) -> CallDetail:
    """Everything kept of a call.

    Args:
        session: The session.
        call: The call.
        pace: The carrier's; a second of a recording made at ten times real pace took a tenth of one.
    """
    events = repository.events(session, call.id)
    return CallDetail(
        **call.model_dump(),
        turns=turns(session, call, events, pace),
        events=events,
        recording=recording_of(repository.recording_view(session, call.id), events),
        figures=repository.quality(session, call.id),
    )


def turns(session: Session, call: CallView, events: list[CallEventView], pace: float) -> list[TurnView]:
    """What was said, in order."""
    row = repository.row(session, call.id)
    messages = assistant.messages(session, call.conversation_id) if call.conversation_id else []
    places, latencies = spans(events), measured_latencies(events)
    return [_turn(message, places, latencies, row.media_at, pace) for message in messages]


def recording_of(kept: RecordingView, events: list[CallEventView]) -> RecordingView:
    """The recording, with the reason when it failed and there is none."""
    reasons = [str(event.data.get("reason")) for event in events if event.kind == "recording.failed"]
    if kept.removed_at is not None:
        return kept.model_copy(update={"missing_because": rules.REMOVED})
    if kept.available or not reasons:
        return kept
    return kept.model_copy(update={"missing_because": rules.recording_missing(reasons[0])})


def spans(events: list[CallEventView]) -> dict[str, tuple[int, int]]:
    """Where in the recording each message was said, in milliseconds by the message's key.

    A turn's event tells where the bot's words lie and the patient's answer to them; last words have their own event.
    """
    found: dict[str, tuple[int, int]] = {}
    for event in events:
        if event.kind == "turn":
            found |= _span(_says(event.data), event.data.get("bot_ms"))
            found |= _span(str(event.data.get("message_id")), event.data.get("patient_ms"))
        elif event.kind == "said":
            found |= _span(f"call:{event.data.get('kind')}", event.data.get("bot_ms"))
    return found


def measured_latencies(events: list[CallEventView]) -> dict[str, int]:
    """What was measured on the line by the bot's message: patient's last sound to the first frame sent."""
    turns_of = [event.data for event in events if event.kind == "turn"]
    return {_says(data): int(data["latency_ms"]) for data in turns_of if data.get("latency_ms") is not None}


def _says(turn: Mapping[str, Any]) -> str:
    """The key of the bot's words of a turn: the reply to an answer, or the opening."""
    return f"reply:{turn['reply_to']}" if turn.get("reply_to") else "opening"


def _span(key: str, ends: list[int] | None) -> dict[str, tuple[int, int]]:
    return {key: (int(ends[0]), int(ends[1]))} if ends else {}


def _turn(
    message: assistant.MessageView, places: Places, latencies: Mapping[str, int], begun: datetime | None, pace: float
) -> TurnView:
    by_clock = max(0, int((message.at - begun).total_seconds() * 1000 * pace)) if begun else 0
    offset_ms, until_ms = places.get(message.dedupe_key, (by_clock, None))
    return TurnView(
        id=str(message.id),
        sender=message.sender,
        text=message.text,
        at=message.at,
        offset_ms=offset_ms,
        until_ms=until_ms,
        key=message.key,
        source=message.source,
        latency_ms=latencies.get(message.dedupe_key, message.latency_ms),
        understanding=message.understanding,
    )
