"""A call's transcript: the conversation's messages with their place in the recording and their latency."""

from typing import Any

from sqlalchemy.orm import Session

from assistant import api as assistant
from telephony.calls import repository, rules
from telephony.calls.schemas import CallDetail, CallEventView, CallView, RecordingView, TurnView


def of(session: Session, call: CallView, pace: float) -> CallDetail:
    """Everything kept of a call.

    Args:
        session: The session.
        call: The call.
        pace: The carrier's; a second of a recording made at ten times real pace took a tenth of one.
    """
    row = repository.row(session, call.id)
    events = repository.events(session, call.id)
    messages = assistant.messages(session, call.conversation_id) if call.conversation_id else []
    begun = row.media_at
    turns = [
        TurnView(
            id=str(message.id),
            sender=message.sender,
            text=message.text,
            at=message.at,
            offset_ms=max(0, int((message.at - begun).total_seconds() * 1000 * pace)) if begun else 0,
            key=message.key,
            source=message.source,
            latency_ms=message.latency_ms,
            understanding=message.understanding,
        )
        for message in messages
    ]
    return CallDetail(
        **call.model_dump(),
        turns=with_latency(turns, events),
        events=events,
        recording=recording_of(repository.recording_view(repository.recording(session, call.id)), events),
    )


def recording_of(kept: RecordingView, events: list[CallEventView]) -> RecordingView:
    """The recording, with the reason when it failed and there is none."""
    reasons = [str(event.data.get("reason")) for event in events if event.kind == "recording.failed"]
    if kept.available or not reasons:
        return kept
    return kept.model_copy(update={"missing_because": rules.recording_missing(reasons[0])})


def with_latency(turns: list[TurnView], events: list[CallEventView]) -> list[TurnView]:
    """Gives the bot's turns the latency that was measured on the line: patient's end to first audio frame sent.

    The line's n-th turn event belongs to the bot's n-th words.
    """
    measured: list[dict[str, Any]] = [event.data for event in events if event.kind == "turn"]
    spoken = iter(measured)
    given = []
    for turn in turns:
        data = next(spoken, None) if turn.sender == "bot" else None
        latency = data.get("latency_ms") if data else None
        given.append(turn if latency is None else turn.model_copy(update={"latency_ms": latency}))
    return given
