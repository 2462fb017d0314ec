"""Treatment events over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from core_api.audit import service as audit
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require
from core_api.treatments import service
from core_api.treatments.schemas import TreatmentEvent

router = APIRouter(prefix="/api/patients", tags=["患者"])
Reader = Annotated[CurrentUser, Depends(require("patients.read"), scope="function")]


@router.get("/{patient_id}/treatments")
def list_treatments(patient_id: UUID, session: Db, runtime: RuntimeDep, user: Reader) -> list[TreatmentEvent]:
    """A patient's anchor events, oldest first."""
    audit.record(session, user.id, "treatment.read", "patient", patient_id, "查看治疗经过", runtime.clock)
    return service.events(session, patient_id)
