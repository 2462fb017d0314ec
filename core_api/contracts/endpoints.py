"""Storage contracts over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from core_api.audit import service as audit
from core_api.contracts import service
from core_api.contracts.schemas import ContractView
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require

router = APIRouter(prefix="/api/patients", tags=["患者"])
Reader = Annotated[CurrentUser, Depends(require("patients.read"), scope="function")]


@router.get("/{patient_id}/contracts")
def list_contracts(patient_id: UUID, session: Db, runtime: RuntimeDep, user: Reader) -> list[ContractView]:
    """A patient's storage contracts by due date."""
    audit.record(session, user.id, "contract.read", "patient", patient_id, "查看冷冻合同", runtime.clock)
    return service.contracts(session, patient_id)
