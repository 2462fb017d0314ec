"""Laboratory results over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from core_api.audit import service as audit
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require
from core_api.observations import service
from core_api.observations.schemas import Series

router = APIRouter(prefix="/api/patients", tags=["患者"])
Reader = Annotated[CurrentUser, Depends(require("patients.read"), scope="function")]


@router.get("/{patient_id}/observations")
def list_observations(patient_id: UUID, session: Db, runtime: RuntimeDep, user: Reader) -> list[Series]:
    """A patient's laboratory results as series."""
    audit.record(session, user.id, "observation.read", "patient", patient_id, "查看检验结果", runtime.clock)
    return service.all_series(session, patient_id)
