"""A response as a FHIR R4 QuestionnaireResponse, out and in."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from core_api.kit.errors import Invalid
from core_api.questionnaires.fhir import (
    canonical,
    checked_resource,
    coding_code,
    extension,
    option_coding,
    read_extension,
)
from core_api.questionnaires.fhir_base import CANONICAL
from core_api.questionnaires.rules import read_value
from core_api.questionnaires.schemas import AnswerValue, Item, Questionnaire
from core_api.responses.schemas import AnswerIn, AnswerView, ResponseView

Json = dict[str, Any]

STATUSES = {"in_progress": "in-progress", "completed": "completed", "stopped": "stopped"}
SYSTEM = "urn:huifang:id"
RECORD_NUMBER_SYSTEM = "urn:huifang:record-number"
TASK_SYSTEM = "urn:huifang:task"


def response_to_fhir(questionnaire: Questionnaire, view: ResponseView) -> Json:
    """Writes a response; the patient is referred to by our id alone."""
    items = [_item_out(questionnaire.item(answer.link_id), answer) for answer in view.answers]
    resource: Json = {
        "resourceType": "QuestionnaireResponse",
        "id": str(view.id),
        "identifier": {"system": SYSTEM, "value": str(view.id)},
        "questionnaire": canonical(view.questionnaire_key, view.version),
        "status": STATUSES[view.status],
        "subject": {"identifier": {"system": SYSTEM, "value": str(view.patient_id)}, "type": "Patient"},
        "authored": (view.completed_at or view.started_at).isoformat(),
        "item": items,
    }
    if not items:
        del resource["item"]
    return checked_resource("QuestionnaireResponse", resource)


def _item_out(item: Item | None, answer: AnswerView) -> Json:
    out: Json = {
        "linkId": answer.link_id,
        "text": answer.question,
        "extension": [
            extension("answer-status", "valueCode", answer.status),
            extension("answer-source", "valueCode", answer.source),
            extension("answer-confidence", "valueDecimal", answer.confidence),
        ],
    }
    if answer.words:
        out["extension"].append(extension("answer-words", "valueString", answer.words))
    if answer.value is not None and item is not None:
        out["answer"] = [_value_out(item, one) for one in _each(answer.value)]
    return out


def _each(value: AnswerValue) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _value_out(item: Item, value: bool | float | str | date) -> Json:
    if item.type in {"choice", "multi_choice"}:
        return {"valueCoding": option_coding(item, str(value))}
    if isinstance(value, date):
        return {"valueDate": value.isoformat()}
    return {VALUE_NAMES.get(item.type, "valueString"): value}


VALUE_NAMES = {"boolean": "valueBoolean", "integer": "valueInteger", "decimal": "valueDecimal", "text": "valueString"}
READERS: dict[str, Callable[[Any], Any]] = {
    "valueBoolean": lambda raw: raw,
    "valueCoding": coding_code,
    "valueDate": lambda raw: raw,
    "valueDecimal": float,
    "valueInteger": lambda raw: raw,
    "valueQuantity": lambda raw: float(raw["value"]),
    "valueString": lambda raw: raw,
}


def response_from_fhir(questionnaire: Questionnaire, resource: Json) -> tuple[UUID | None, list[AnswerIn]]:
    """Reads the answers of a QuestionnaireResponse, for record_answer.

    Args:
        questionnaire: The version that the resource refers to.
        resource: The resource as JSON.

    Returns:
        The patient's id if the resource names one of ours, and the answers.

    Raises:
        Invalid: It is no sound QuestionnaireResponse, or of another questionnaire.
    """
    checked_resource("QuestionnaireResponse", resource)
    wanted = canonical(questionnaire.key, questionnaire.version)
    if resource.get("questionnaire") != wanted:
        raise Invalid("答卷与问卷的版本不一致", code="fhir_questionnaire", field="questionnaire")
    return _patient(resource), [_item_in(questionnaire, entry) for entry in resource.get("item", [])]


def questionnaire_named(resource: Json) -> tuple[str, int]:
    """Key and version of the questionnaire that a resource refers to.

    Raises:
        Invalid: It refers to none of ours.
    """
    key, _, version = str(resource.get("questionnaire", "")).removeprefix(CANONICAL).partition("|")
    if not str(resource.get("questionnaire", "")).startswith(CANONICAL) or not version.isdigit():
        raise Invalid("答卷没有写明本系统的问卷和版本", code="fhir_questionnaire", field="questionnaire")
    return key, int(version)


def record_number_of(resource: Json) -> str | None:
    """The record number by which a resource names its patient."""
    subject = resource.get("subject", {}).get("identifier", {})
    return str(subject.get("value")) if subject.get("system") == RECORD_NUMBER_SYSTEM else None


def task_of(resource: Json) -> UUID | None:
    """The follow-up task that a resource answers, if it names one of ours.

    Raises:
        Invalid: The task's id is none.
    """
    named = [reference.get("identifier", {}) for reference in resource.get("basedOn", [])]
    ours = next((one.get("value") for one in named if one.get("system") == TASK_SYSTEM), None)
    try:
        return UUID(str(ours)) if ours else None
    except ValueError as error:
        raise Invalid("答卷里的随访任务编号无效", code="fhir_task", field="basedOn") from error


def _patient(resource: Json) -> UUID | None:
    subject = resource.get("subject", {}).get("identifier", {})
    if subject.get("system") != SYSTEM:
        return None
    try:
        return UUID(subject["value"])
    except (KeyError, ValueError) as error:
        raise Invalid("答卷里的患者编号无效", code="fhir_subject", field="subject") from error


def _item_in(questionnaire: Questionnaire, entry: Json) -> AnswerIn:
    item = questionnaire.item(entry["linkId"])
    if item is None:
        raise Invalid(f"问卷里没有题目“{entry['linkId']}”", code="answer_unknown_item", field="item")
    values = [_value_in(answer) for answer in entry.get("answer", [])]
    raw = (values if item.type == "multi_choice" else values[0]) if values else None
    return AnswerIn.model_validate(
        {
            "link_id": item.link_id,
            "value": read_value(item, raw),
            "words": read_extension(entry, "answer-words"),
            "confidence": float(read_extension(entry, "answer-confidence") or 1.0),
            "source": read_extension(entry, "answer-source") or "staff",
            "status": read_extension(entry, "answer-status") or ("accepted" if values else "skipped"),
        }
    )


def _value_in(answer: Json) -> object:
    for name, read in READERS.items():
        if name in answer:
            return read(answer[name])
    raise Invalid("答卷里有不支持的答案类型", code="fhir_value", field="item")
