"""Who is known as a patient online, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from assistant.channels.bindings import service
from assistant.channels.bindings.schemas import Bindings, PauseIn, UnbindIn
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require

router = APIRouter(prefix="/api/desk", tags=["线上身份"])
Reader = Annotated[CurrentUser, Depends(require("patients.read"), scope="function")]
Worker = Annotated[CurrentUser, Depends(require("desk.work"), scope="function")]


@router.get("/patients/{patient_id}/bindings")
def read_bindings(patient_id: UUID, session: Db, runtime: RuntimeDep, user: Reader) -> Bindings:
    """Browsers and people on WeChat that are known as this patient."""
    return service.bindings(session, patient_id, user, runtime.clock)


@router.put("/patients/{patient_id}/identification", status_code=204)
def set_identification(patient_id: UUID, body: PauseIn, session: Db, runtime: RuntimeDep, user: Worker) -> None:
    """Pauses identification online for this record, or opens it again."""
    service.set_paused(session, patient_id, body, user, runtime.clock)


@router.post("/conversations/{conversation_id}/unbind", status_code=204)
def unbind(conversation_id: UUID, body: UnbindIn, session: Db, runtime: RuntimeDep, user: Worker) -> None:
    """Whoever writes here is not known as a patient any more; at once."""
    service.unbind(session, conversation_id, body, user, runtime.clock)
