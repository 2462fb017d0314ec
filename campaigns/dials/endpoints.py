"""Calling a patient by hand over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from campaigns.board.endpoints import RecordDep
from campaigns.dials import service
from campaigns.dials.schemas import DialCheck, DialIn, DialRefused, DialResult, DialSettings, DialStarted, DialView
from campaigns.dials.service import Dialling
from core_api.audit import service as audit
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require

router = APIRouter(prefix="/api", tags=["人工拨打"])
Dialler = Annotated[CurrentUser, Depends(require("calls.dial"), scope="function")]
Reader = Annotated[CurrentUser, Depends(require("calls.read"), scope="function")]


def dialling_of(request: Request, runtime: RuntimeDep, record: RecordDep) -> Dialling:
    """What the process dials with."""
    settings: DialSettings = getattr(request.app.state, "dial_settings", None) or DialSettings()
    return Dialling(runtime, request.app.state.telephony, record, settings)


DiallingDep = Annotated[Dialling, Depends(dialling_of)]


@router.get("/patients/{patient_id}/dialling")
def check_dialling(patient_id: UUID, session: Db, dialling: DiallingDep, _user: Dialler) -> DialCheck:
    """Whether a patient may be called by hand now, and which rules stand against it."""
    return dialling.check(session, patient_id)


@router.post("/dials", status_code=201)
def begin_dial(wanted: DialIn, session: Db, runtime: RuntimeDep, dialling: DiallingDep, user: Dialler) -> DialStarted:
    """Prepares a call; a refusal is audited too."""
    try:
        return DialStarted(call_id=dialling.begin(session, wanted, user))
    except DialRefused as refused:
        session.rollback()
        codes = ",".join(item["field"] for item in refused.items)
        purpose = f"人工拨打被拒绝：{codes}"
        audit.record(session, user.id, "call.dial_refused", "patient", wanted.patient_id, purpose, runtime.clock)
        session.commit()
        raise


@router.get("/dials/{call_id}")
def read_dial(call_id: UUID, session: Db, _user: Reader) -> DialView:
    """One call dialled by hand, with what it came to."""
    return service.view(session, call_id)


@router.post("/dials/{call_id}/result")
def close_dial(call_id: UUID, said: DialResult, session: Db, dialling: DiallingDep, user: Dialler) -> DialView:
    """What a call came to, as the person says who made it."""
    return dialling.close(session, call_id, said, user)
