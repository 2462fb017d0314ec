"""Responses and rechecks over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Response

from core_api.audit import service as audit
from core_api.kit.paging import Cursor, Limit, Page
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require
from core_api.questionnaires.fhir import to_json
from core_api.responses import fhir, service
from core_api.responses.schemas import (
    AnswerView,
    RecheckStatus,
    RecheckView,
    Resolution,
    ResolveResult,
    ResponseView,
)

router = APIRouter(tags=["responses"])

PatientReader = Annotated[CurrentUser, Depends(require("patients.read"))]
RecheckReader = Annotated[CurrentUser, Depends(require("rechecks.read"))]
Resolver = Annotated[CurrentUser, Depends(require("rechecks.resolve"))]
Sender = Annotated[CurrentUser, Depends(require("responses.write"))]
FHIR_JSON = "application/fhir+json"


@router.get("/api/patients/{patient_id}/responses")
def list_of_patient(
    session: Db,
    runtime: RuntimeDep,
    user: PatientReader,
    patient_id: UUID,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ResponseView]:
    """A patient's responses with answers, newest first."""
    audit.record(session, user.id, "responses.read", "patient", patient_id, "查看答卷", runtime.clock)
    return service.of_patient(session, patient_id, cursor, limit)


@router.post("/api/responses/fhir", status_code=201)
def receive_fhir(
    session: Db, runtime: RuntimeDep, user: Sender, body: Annotated[dict[str, Any], Body()], response: Response
) -> ResponseView:
    """Takes in a FHIR R4 QuestionnaireResponse; 200 where it was sent before."""
    received = service.receive(session, body, runtime.clock)
    view = received.response
    response.status_code = 201 if received.new else 200
    audit.record(session, user.id, "responses.receive", "response", view.id, "接收 FHIR 答卷", runtime.clock)
    return view


@router.get("/api/responses/{response_id}")
def get_response(session: Db, runtime: RuntimeDep, user: PatientReader, response_id: UUID) -> ResponseView:
    view = service.answers(session, response_id)
    audit.record(session, user.id, "responses.read", "response", response_id, "查看答卷", runtime.clock)
    return view


@router.get("/api/responses/{response_id}/answers/{link_id}/history")
def get_history(
    session: Db, runtime: RuntimeDep, user: PatientReader, response_id: UUID, link_id: str
) -> list[AnswerView]:
    """Every revision of one answer, oldest first."""
    revisions = service.answer_history(session, response_id, link_id)
    audit.record(session, user.id, "responses.read", "response", response_id, "查看答案修改记录", runtime.clock)
    return list(revisions)


@router.get("/api/responses/{response_id}/fhir", response_class=Response)
def get_fhir(session: Db, runtime: RuntimeDep, user: PatientReader, response_id: UUID) -> Response:
    """A FHIR R4 QuestionnaireResponse."""
    view = service.answers(session, response_id)
    audit.record(session, user.id, "responses.export", "response", response_id, "导出 FHIR 答卷", runtime.clock)
    questionnaire = service.questionnaire_of(session, view)
    return Response(to_json(fhir.response_to_fhir(questionnaire, view)), media_type=FHIR_JSON)


@router.get("/api/rechecks")
def list_rechecks(
    session: Db,
    runtime: RuntimeDep,
    user: RecheckReader,
    status: RecheckStatus = "open",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[RecheckView]:
    """Uncertain answers, those that may hide the worst alert first."""
    audit.record(session, user.id, "rechecks.read", "recheck", "", "查看复核清单", runtime.clock)
    return service.list_rechecks(session, status, cursor, limit)


@router.post("/api/rechecks/{recheck_id}/resolve")
def resolve(session: Db, runtime: RuntimeDep, user: Resolver, recheck_id: UUID, body: Resolution) -> ResolveResult:
    """Writes the right answer; no value means that it could not be found out."""
    return service.resolve_recheck(session, recheck_id, body.value, body.note, user.id, runtime.clock)
