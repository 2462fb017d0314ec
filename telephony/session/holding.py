"""Holding an answered call on whatever connection it came, and writing down how it ended."""

import asyncio
import logging
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from core_api.kit.errors import ServiceError
from core_api.kit.faults import described
from telephony.audio.measuring import Sound
from telephony.calls import rules, service
from telephony.calls.schemas import CallSnapshot, Ending, MediaCounts
from telephony.runtime import TelephonyRuntime
from telephony.session.bridge import Bridge
from telephony.session.conversation import Outcome
from telephony.session.line import Line
from telephony.session.media import Media, MediaClosed
from telephony.session.recorder import SPOOL_SUFFIX, Recorder, finalise, name_of
from telephony.session.safe import Safe, SealBroken, safe_of
from telephony.session.session import CallSession
from telephony.session.tempo import Tempo
from telephony.session.turn import Ended

log = logging.getLogger(__name__)

BEAT_SECONDS = 10.0


async def hold(runtime: TelephonyRuntime, call: CallSnapshot, media: Media, pace: float) -> bool:
    """Holds one answered call until it is over and written down.

    Returns:
        False if the call is held already: then nothing was done, and the connection is still the caller's.
    """
    tempo = Tempo(pace)
    recorder = Recorder(runtime.spools / f"{call.id}{SPOOL_SUFFIX}", await runtime.in_thread(_safe, runtime, call.id))
    bridge = Bridge(recorder)
    line = Line(media.wire, media.send, media.close, media.transfer, bridge, tempo)
    session = CallSession(runtime, call, media.wire, line, bridge, tempo)
    if not runtime.live.add(call.id, session):
        recorder.close()
        return False
    await _hold(runtime, call, media, session, line, recorder)
    return True


async def _hold(
    runtime: TelephonyRuntime,
    call: CallSnapshot,
    media: Media,
    session: CallSession,
    line: Line,
    recorder: Recorder,
) -> None:
    """Reads beside the talk, and writes the end down whatever happens."""
    reader = asyncio.create_task(_read(media, session))
    beat = asyncio.create_task(beats(runtime, call.id))
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
        session.bridge.tell({"type": "ended"})
        try:
            await asyncio.shield(runtime.in_thread(_end, runtime, call, session, line, recorder))
        finally:
            runtime.live.remove(call.id)


async def beats(runtime: TelephonyRuntime, call_id: UUID) -> None:
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


async def _read(media: Media, session: CallSession) -> None:
    try:
        while await session.take(await media.receive()):
            pass
    except MediaClosed:
        session.note("socket.closed", {})
    finally:
        session.tell(Ended())


def _end(runtime: TelephonyRuntime, call: CallSnapshot, held: CallSession, line: Line, recorder: Recorder) -> None:
    """Writes the end down first, then makes the recording playable."""
    held.write_notes()
    outcome = _outcome(runtime, call)
    with runtime.sessions.begin() as session:
        counts = MediaCounts(turns=held.patient_turns, bad_frames=held.bad_frames, late_frames=line.counts.late)
        known = service.count_media(session, call.id, counts)
        answered_by = "machine_start" if held.machine else known
        disposition = rules.spoken_disposition(outcome.disposition, answered_by, held.patient_turns, held.failed)
        disposition = rules.attended(disposition) if held.with_person and not call.dialled_by_id else disposition
        disposition = rules.talked(disposition, heard=held.met_person) if call.dialled_by_id else disposition
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
    """Makes a spool playable and measures the call; a failure is written down and the spool stays."""
    sound = _playable(runtime, call_id)
    try:
        with runtime.sessions.begin() as session:
            carrier = runtime.carriers.get(service.view(session, call_id).carrier)
            service.measure_quality(session, call_id, sound, carrier.pace if carrier else 1.0, runtime.clock)
    except (ServiceError, SQLAlchemyError):
        log.warning("a call's quality could not be measured", extra={"call_id": call_id})


def _playable(runtime: TelephonyRuntime, call_id: UUID) -> Sound | None:
    spool = runtime.spools / f"{call_id}{SPOOL_SUFFIX}"
    if not spool.is_file():
        return None
    try:
        made = finalise(spool, runtime.recordings, _safe(runtime, call_id))
    except (OSError, SealBroken) as error:
        with runtime.sessions.begin() as session:
            reason = {"reason": name_of(error)}
            service.add_event(session, call_id, "recording.failed", reason, runtime.clock)
        return None
    if made is not None:
        with runtime.sessions.begin() as session:
            service.set_recording(session, call_id, made[0], runtime.clock, made[1].outline)
    spool.unlink(missing_ok=True)
    return made[1] if made is not None else None


def _safe(runtime: TelephonyRuntime, call_id: UUID) -> Safe:
    with runtime.sessions() as session:
        return safe_of(session, call_id)


def _outcome(runtime: TelephonyRuntime, call: CallSnapshot) -> Outcome:
    try:
        return runtime.conversations.outcome(call.conversation)
    except (ServiceError, SQLAlchemyError, OSError):
        log.warning("outcome not known", extra={"call_id": str(call.id)})
        return Outcome(response_id=call.conversation.response_id)
