"""FHIR QuestionnaireResponses that other systems send."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.crypto import blind
from core_api.kit.errors import Invalid, NotFound
from core_api.kit.outbox import publish
from core_api.patients import service as patients
from core_api.questionnaires import service as questionnaires
from core_api.questionnaires.schemas import Questionnaire
from core_api.responses import answering, fhir, repository
from core_api.responses.schemas import Received, ResponseView

Json = dict[str, Any]


def receive(session: Session, resource: Json, clock: Clock) -> Received:
    """Keeps a QuestionnaireResponse; the same identifier again amends the one that was kept, as staff would.

    Raises:
        Invalid: No sound resource, another questionnaire's, nobody's, or an answer that does not fit its item.
        NotFound: The questionnaire or the patient is not there.
    """
    questionnaire = _questionnaire(session, resource)
    named, answers = fhir.response_from_fhir(questionnaire, resource)
    patient_id = _patient(session, resource, named)
    source_key = _source_key(session, resource)
    known = repository.by_source(session, source_key) if source_key else None
    response_id = known or answering.open_received(
        session, patient_id, questionnaire, fhir.task_of(resource), source_key, clock
    )
    if answering.answers(session, response_id).patient_id != patient_id:
        raise Invalid("这份答卷先前属于另一位患者", code="fhir_subject", field="subject")
    for one in answers:
        answering.record_answer(session, response_id, one.model_copy(update={"source": "staff"}), clock)
    completed = resource["status"] in {"completed", "amended"}
    result = answering.finish(session, response_id, completed=completed, clock=clock)
    view: ResponseView = answering.answers(session, response_id)
    if view.task_id is not None and view.status == "completed":
        data = {"response_id": str(view.id), "task_id": str(view.task_id), "patient_id": str(patient_id)}
        publish(session, "response.received", view.id, data, clock)
    return Received(response=view, new=known is None, alert_hits=result.alert_hits)


def _questionnaire(session: Session, resource: Json) -> Questionnaire:
    key, version = fhir.questionnaire_named(resource)
    return questionnaires.get(session, key, version)


def _patient(session: Session, resource: Json, named: UUID | None) -> UUID:
    number = fhir.record_number_of(resource)
    patient_id = named or (patients.by_record_number(session, number) if number else None)
    if patient_id is None:
        raise NotFound("没有找到答卷所属的患者", code="patient_not_found", field="subject")
    return patients.get(session, patient_id).id


def _source_key(session: Session, resource: Json) -> str | None:
    identifier = resource.get("identifier") or {}
    system, value = identifier.get("system"), identifier.get("value")
    return blind(session, "responses.source", f"{system or ''}|{value}") if value else None
