"""The media socket's edge: handshake, reading, and writing down how the call ended."""

import asyncio
import contextlib
import logging
from uuid import UUID

from fastapi import WebSocket, WebSocketDisconnect
from sqlalchemy.exc import SQLAlchemyError

from core_api.kit.errors import NotFound, ServiceError
from core_api.kit.faults import described
from telephony.calls import rules, service
from telephony.calls.schemas import CallSnapshot, Ending, MediaCounts
from telephony.carriers.ports import CarrierUnknown
from telephony.carriers.twilio import TwilioCarrier
from telephony.runtime import SIMULATOR, TelephonyRuntime
from telephony.session.conversation import Outcome
from telephony.session.line import Line
from telephony.session.recorder import SPOOL_SUFFIX, Recorder, finalise, name_of
from telephony.session.session import CallSession
from telephony.session.tempo import Tempo
from telephony.session.turn import Ended
from telephony.session.wire import Start, Wire, parse, start_of

log = logging.getLogger(__name__)

START_TIMEOUT_SECONDS = 10.0
START_MESSAGES = 5
BEAT_SECONDS = 10.0
POLICY_VIOLATION = 1008
NORMAL = 1000


async def hold_call(socket: WebSocket, runtime: TelephonyRuntime, carrier: TwilioCarrier) -> None:
    """Holds one call on an accepted signature; returns when it is over and written down."""
    await socket.accept()
    start = await _start(socket)
    call = await runtime.in_thread(_begin, runtime, carrier, start) if start else None
    if start is None or call is None:
        await socket.close(POLICY_VIOLATION)
        return
    tempo = Tempo(carrier.pace)
    recorder = Recorder(runtime.spools / f"{call.id}{SPOOL_SUFFIX}")
    wire = Wire(start.stream_sid, transcripts=carrier.name == SIMULATOR)
    await wire.prepare()
    line = _line(socket, runtime, carrier, start, wire, recorder, tempo)
    session = CallSession(runtime, call, wire, line, recorder, tempo)
    if not runtime.live.add(call.id, session):
        recorder.close()
        await socket.close(POLICY_VIOLATION)
        return
    await _hold(socket, runtime, call, session, line, recorder)


async def _hold(
    socket: WebSocket,
    runtime: TelephonyRuntime,
    call: CallSnapshot,
    session: CallSession,
    line: Line,
    recorder: Recorder,
) -> None:
    """Reads beside the talk, and writes the end down whatever happens."""
    reader = asyncio.create_task(_read(socket, session))
    beat = asyncio.create_task(_beat(runtime, call.id))
    try:
        await session.run()
    except Exception as error:  # noqa: BLE001 - a call's edge: its end is written down whatever happened
        session.failed = True
        log.error("call session failed", extra={"call_id": call.id, "error": described(error)})  # noqa: TRY400
    finally:
        reader.cancel()
        beat.cancel()
        await asyncio.gather(reader, beat, return_exceptions=True)
        recorder.close()
        try:
            await asyncio.shield(runtime.in_thread(_end, runtime, call, session, line, recorder))
        finally:
            runtime.live.remove(call.id)


async def _beat(runtime: TelephonyRuntime, call_id: UUID) -> None:
    """Says now and then that this process holds the call, so that no other takes it for lost."""
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        try:
            await runtime.in_thread(_note_beat, runtime, call_id)
        except SQLAlchemyError:
            log.warning("a call's heartbeat could not be written", extra={"call_id": call_id})


def _note_beat(runtime: TelephonyRuntime, call_id: UUID) -> None:
    with runtime.sessions.begin() as session:
        service.beat(session, call_id, runtime.clock)


async def _start(socket: WebSocket) -> Start | None:
    """Reads until the start message; None if the other side is no carrier."""
    try:
        async with asyncio.timeout(START_TIMEOUT_SECONDS):
            for _ in range(START_MESSAGES):
                message = parse(await socket.receive_text())
                start = start_of(message) if message else None
                if start:
                    return start
    except (TimeoutError, WebSocketDisconnect, KeyError):
        pass
    return None


async def _read(socket: WebSocket, session: CallSession) -> None:
    try:
        while await session.take(await socket.receive_text()):
            pass
    except (WebSocketDisconnect, RuntimeError, KeyError):
        session.note("socket.closed", {})
    finally:
        session.tell(Ended())


def _line(  # noqa: PLR0913, PLR0917 - a line's parts
    socket: WebSocket,
    runtime: TelephonyRuntime,
    carrier: TwilioCarrier,
    start: Start,
    wire: Wire,
    recorder: Recorder,
    tempo: Tempo,
) -> Line:
    async def send(message: str) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # the reader tells the session of the end
            await socket.send_text(message)

    async def close() -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await socket.close(NORMAL)

    async def transfer(number: str) -> None:
        try:
            await runtime.in_thread(carrier.transfer, start.call_sid, number)
        except CarrierUnknown:
            log.warning("transfer failed")

    return Line(wire, send, close, transfer, recorder, tempo)


def _begin(runtime: TelephonyRuntime, carrier: TwilioCarrier, start: Start) -> CallSnapshot | None:
    """Notes that audio flows; None for a call that is not there, over, held already, or another's."""
    try:
        with runtime.sessions.begin() as session:
            call = service.snapshot(session, UUID(start.call_id))
            held = runtime.live.get(call.id) is not None
            if held or call.carrier != carrier.name or call.ended_at is not None:
                return None
            source = SIMULATOR if carrier.name == SIMULATOR else "none"
            return service.start_media(session, call.id, start.call_sid, source, runtime.clock)
    except (NotFound, ValueError):
        return None


def _end(runtime: TelephonyRuntime, call: CallSnapshot, held: CallSession, line: Line, recorder: Recorder) -> None:
    """Writes the end down first, then makes the recording playable."""
    held.write_notes()
    outcome = _outcome(runtime, call)
    with runtime.sessions.begin() as session:
        counts = MediaCounts(turns=held.patient_turns, bad_frames=held.bad_frames, late_frames=line.counts.late)
        known = service.count_media(session, call.id, counts)
        answered_by = "machine_start" if held.machine else known
        disposition = rules.spoken_disposition(outcome.disposition, answered_by, held.patient_turns, held.failed)
        ending = Ending(
            disposition=rules.broken_off(disposition) if held.going_away else disposition,
            completed=outcome.completed,
            callback_at=outcome.callback_at,
            response_id=outcome.response_id,
            note_code=outcome.note_code,
            duration_seconds=held.seconds,
        )
        if recorder.failed:
            service.add_event(session, call.id, "recording.failed", {"reason": recorder.failed}, runtime.clock)
        service.finish(session, call.id, ending, runtime.clock)
    keep_recording(runtime, call.id)


def keep_recording(runtime: TelephonyRuntime, call_id: UUID) -> None:
    """Makes a spool playable; a failure is written down and the spool stays for the next start."""
    spool = runtime.spools / f"{call_id}{SPOOL_SUFFIX}"
    if not spool.is_file():
        return
    try:
        kept = finalise(spool, runtime.recordings)
    except OSError as error:
        with runtime.sessions.begin() as session:
            reason = {"reason": name_of(error)}
            service.add_event(session, call_id, "recording.failed", reason, runtime.clock)
        return
    if kept is None:
        return
    with runtime.sessions.begin() as session:
        service.set_recording(session, call_id, kept, runtime.clock)


def _outcome(runtime: TelephonyRuntime, call: CallSnapshot) -> Outcome:
    try:
        return runtime.conversations.outcome(call.conversation)
    except (ServiceError, SQLAlchemyError, OSError):
        log.warning("outcome not known", extra={"call_id": str(call.id)})
        return Outcome(response_id=call.conversation.response_id)
