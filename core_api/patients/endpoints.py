"""Patients over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from core_api.audit import service as audit
from core_api.kit.paging import Page
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require
from core_api.patients import service
from core_api.patients.schemas import (
    DoNotContactRequest,
    Facets,
    PatientFilter,
    PatientPage,
    PatientSearch,
    PatientView,
    RevealRequest,
)

router = APIRouter(prefix="/api/patients", tags=["患者"])
Reader = Annotated[CurrentUser, Depends(require("patients.read"), scope="function")]
Revealer = Annotated[CurrentUser, Depends(require("patients.reveal"), scope="function")]


@router.get("")
def list_patients(
    session: Db,
    runtime: RuntimeDep,
    user: Reader,
    wanted: Annotated[PatientPage, Query()],
) -> Page[PatientView]:
    """Masked patients of a group by record number."""
    audit.record(session, user.id, "patient.list", "patient", "", "查看患者列表", runtime.clock)
    group = PatientFilter(**wanted.model_dump(exclude={"cursor", "limit"}))
    return service.search(session, group, wanted.cursor, wanted.limit)


@router.post("/search")
def search_patients(session: Db, runtime: RuntimeDep, user: Reader, wanted: PatientSearch) -> Page[PatientView]:
    """Masked patients found by name, phone or number."""
    audit.record(session, user.id, "patient.search", "patient", "", "查找患者", runtime.clock)
    return service.search(session, wanted, wanted.cursor, wanted.limit)


@router.get("/facets")
def read_facets(session: Db, _user: Reader) -> Facets:
    """Sites, departments and stages that occur."""
    return service.facets(session)


@router.get("/{patient_id}")
def read_patient(patient_id: UUID, session: Db, runtime: RuntimeDep, user: Reader) -> PatientView:
    """One patient, masked."""
    audit.record(session, user.id, "patient.read", "patient", patient_id, "查看患者档案", runtime.clock)
    return service.get(session, patient_id)


@router.post("/{patient_id}/reveal")
def reveal_fields(
    patient_id: UUID, body: RevealRequest, session: Db, runtime: RuntimeDep, user: Revealer
) -> dict[str, Any]:
    """Fields in the clear, for a reason that is kept."""
    return service.reveal(session, patient_id, body.fields, body.reason, user, runtime.clock)


@router.post("/{patient_id}/do-not-contact", status_code=204)
def forbid_contact(
    patient_id: UUID, body: DoNotContactRequest, session: Db, runtime: RuntimeDep, user: Revealer
) -> None:
    """Nobody contacts this patient any more."""
    audit.record(session, user.id, "patient.do_not_contact", "patient", patient_id, body.reason, runtime.clock)
    service.set_do_not_contact(session, patient_id, body.reason, runtime.clock)


@router.delete("/{patient_id}/do-not-contact", status_code=204)
def allow_contact(patient_id: UUID, session: Db, runtime: RuntimeDep, user: Revealer) -> None:
    """The patient may be contacted again."""
    audit.record(session, user.id, "patient.allow_contact", "patient", patient_id, "恢复联系", runtime.clock)
    service.allow_contact(session, patient_id, runtime.clock)
