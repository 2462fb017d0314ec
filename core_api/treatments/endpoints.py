"""Treatment events over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from core_api.audit import service as audit
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require
from core_api.patients import service as patients
from core_api.treatments import service
from core_api.treatments.schemas import EventByStaff, TreatmentEvent, UrgencyIn

router = APIRouter(prefix="/api/patients", tags=["患者"])
Reader = Annotated[CurrentUser, Depends(require("patients.read"), scope="function")]
Writer = Annotated[CurrentUser, Depends(require("tasks.write"), scope="function")]


@router.get("/{patient_id}/treatments")
def list_treatments(patient_id: UUID, session: Db, runtime: RuntimeDep, user: Reader) -> list[TreatmentEvent]:
    """A patient's anchor events, oldest first."""
    audit.record(session, user.id, "treatment.read", "patient", patient_id, "查看治疗经过", runtime.clock)
    return service.events(session, patient_id)


@router.post("/{patient_id}/treatments", status_code=201)
def record_treatment(
    patient_id: UUID, body: EventByStaff, session: Db, runtime: RuntimeDep, user: Writer
) -> TreatmentEvent:
    """Puts an event on the record that no export tells of: a discharge, a registration on the waiting list."""
    patients.get(session, patient_id)
    audit.record(session, user.id, "treatment.record", "patient", patient_id, "登记治疗事件", runtime.clock)
    return service.record_by_staff(session, patient_id, body, runtime.clock)


@router.put("/{patient_id}/waiting-urgency")
def set_urgency(patient_id: UUID, body: UrgencyIn, session: Db, runtime: RuntimeDep, user: Writer) -> TreatmentEvent:
    """Sets how urgent a waiting patient is; urgent ones are asked every 14 days."""
    audit.record(session, user.id, "treatment.urgency", "patient", patient_id, "设定等待紧急程度", runtime.clock)
    return service.set_waiting_urgency(session, patient_id, body.urgency, runtime.clock)
