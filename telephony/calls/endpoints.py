"""Calls over HTTP: list, one call with all that is kept of it, and its audio."""

import logging
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from core_api.audit import service as audit
from core_api.kit.errors import NotFound
from core_api.kit.faults import described
from core_api.kit.paging import Cursor, Limit, Page
from core_api.kit.ranges import in_part
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require
from core_api.patients import service as patients
from core_api.responses import service as responses
from telephony.calls import details, remaining, repository, retention, service
from telephony.calls.retention import Retention
from telephony.calls.schemas import (
    CallDetail,
    CallerNumber,
    CallFilter,
    CallView,
    Grade,
    HoldIn,
    RevealReason,
    Waveform,
)
from telephony.session.safe import SealBroken, safe_of

log = logging.getLogger(__name__)
router = APIRouter(prefix="/api/calls", tags=["calls"])

Reader = Annotated[CurrentUser, Depends(require("calls.read"), scope="function")]
Listener = Annotated[CurrentUser, Depends(require("calls.listen"), scope="function")]
Keeper = Annotated[CurrentUser, Depends(require("calls.write"), scope="function")]
Revealer = Annotated[CurrentUser, Depends(require("patients.reveal"), scope="function")]
MEDIA_TYPES = {"ogg": "audio/ogg", "wav": "audio/wav"}


@router.get("", response_model=Page[CallView])
def list_calls(
    session: Db,
    _user: Reader,
    campaign_id: UUID | None = None,
    patient_id: UUID | None = None,
    quality: Grade | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[CallView]:
    """Calls, newest first."""
    chosen = CallFilter(campaign_id=campaign_id, patient_id=patient_id, quality=quality)
    found = service.page(session, chosen, cursor, limit)
    items = [call.model_copy(update=_person(session, call.patient_id)) for call in found.items]
    return found.model_copy(update={"items": items})


@router.get("/{call_id}", response_model=CallDetail)
def get_call(call_id: UUID, request: Request, session: Db, runtime: RuntimeDep, user: Reader) -> CallDetail:
    """A call with its transcript, events and answers; the reading is audited."""
    call = service.view(session, call_id)
    audit.record(session, user.id, "call.read", "call", call_id, "查看通话", runtime.clock)
    telephony = getattr(request.app.state, "telephony", None)
    carrier = telephony.carriers.get(call.carrier) if telephony else None
    detail = details.of(session, call, carrier.pace if carrier else 1.0)
    recording = retention.with_time(detail.recording, telephony.retention if telephony else Retention())
    known = service.snapshot(session, call_id)
    return detail.model_copy(
        update=_person(session, call.patient_id)
        | {
            "answers": _answers(session, call.response_id) or remaining.tried(session, known),
            "left": remaining.of(session, known),
            "recording": recording,
        }
    )


@router.post("/{call_id}/recording/hold", status_code=204)
def hold_recording(call_id: UUID, body: HoldIn, session: Db, runtime: RuntimeDep, user: Keeper) -> None:
    """Keeps the recording whatever the rule says, until it is released; audited."""
    retention.hold(session, call_id, body.reason, user.id, runtime.clock)


@router.delete("/{call_id}/recording/hold", status_code=204)
def release_recording(call_id: UUID, session: Db, runtime: RuntimeDep, user: Keeper) -> None:
    """Leaves the recording to the rule again; audited."""
    retention.hold(session, call_id, None, user.id, runtime.clock)


@router.get("/{call_id}/waveform", response_model=Waveform)
def get_waveform(call_id: UUID, session: Db, _user: Listener) -> Waveform:
    """The recording's shape, both sides; no words can be heard in it, so that only listening itself is audited."""
    found = repository.waveform(session, call_id)
    if found is None:
        message = "这通电话没有波形"
        raise NotFound(message)
    return found


@router.post("/{call_id}/caller", response_model=CallerNumber)
def reveal_caller(
    call_id: UUID, reason: RevealReason, session: Db, runtime: RuntimeDep, user: Revealer
) -> CallerNumber:
    """The number of who called us, in the clear; the reading is audited with its reason."""
    number = service.caller(session, call_id)
    if number is None:
        raise NotFound("这通电话没有来电号码", code="no_caller")
    audit.record(session, user.id, "call.reveal_caller", "call", call_id, reason.reason, runtime.clock)
    return CallerNumber(phone_e164=number)


@router.get("/{call_id}/audio", response_class=Response)
def get_audio(call_id: UUID, request: Request, session: Db, runtime: RuntimeDep, user: Listener) -> Response:
    """The recording, whole or in parts (Range); listening is audited."""
    kept = repository.recording(session, call_id)
    content = (
        _audio(session, call_id, runtime.data_dir / "recordings" / kept.file_name) if kept and kept.file_name else None
    )
    if kept is None or content is None:
        message = "这通电话没有录音"
        raise NotFound(message)
    audit.record(session, user.id, "call.listen", "call", call_id, "收听录音", runtime.clock)
    media_type = MEDIA_TYPES.get(kept.format or "", "application/octet-stream")
    return in_part(content, request.headers.get("range"), media_type, {"Cache-Control": "private, no-store"})


def _audio(session: Session, call_id: UUID, path: Path) -> bytes | None:
    try:
        return safe_of(session, call_id).read(path)
    except FileNotFoundError:
        return None
    except (OSError, SealBroken) as error:
        log.error("recording cannot be read", extra={"call_id": call_id, "error": described(error)})  # noqa: TRY400
        return None


def _person(session: Session, patient_id: UUID | None) -> dict[str, str]:
    if patient_id is None:
        return {}
    try:
        patient = patients.get(session, patient_id)
    except NotFound:
        return {}
    return {"patient_name": patient.name, "record_number": patient.record_number}


def _answers(session: Session, response_id: UUID | None) -> list[dict[str, object]]:
    if response_id is None:
        return []
    try:
        found = responses.answers(session, response_id)
    except NotFound:
        return []
    return [answer.model_dump(mode="json") for answer in found.answers]
