"""What the FHIR documents of questionnaires and of responses share: names, codings, extensions, validation."""

import json
from typing import Any

from fhir.resources.R4B.questionnaire import Questionnaire as QuestionnaireResource
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from pydantic import ValidationError

from core_api.kit.errors import Invalid
from core_api.questionnaires.schemas import Item

Json = dict[str, Any]

OWN = "urn:huifang:fhir:"
CANONICAL = "urn:huifang:questionnaire:"
OPTIONS = "urn:huifang:options:"
UNIT = "http://hl7.org/fhir/StructureDefinition/questionnaire-unit"
MIN_VALUE = "http://hl7.org/fhir/StructureDefinition/minValue"
MAX_VALUE = "http://hl7.org/fhir/StructureDefinition/maxValue"
ITEM_CONTROL = "http://hl7.org/fhir/StructureDefinition/questionnaire-itemControl"
ITEM_CONTROL_SYSTEM = "http://hl7.org/fhir/questionnaire-item-control"
ORDINAL_VALUE = "http://hl7.org/fhir/StructureDefinition/ordinalValue"

EXTENSION_NAMES = {
    "questionnaire": {
        "intro_voice": "intro-voice",
        "closing_voice": "closing-voice",
        "closing_alert_voice": "closing-alert-voice",
    },
    "item": {
        "text_voice": "text-voice",
        "text_keys": "text-keys",
        "text_rephrase": "text-rephrase",
        "topic": "topic",
        "keys_mode": "keys-mode",
    },
}
"""Texts by field, and the extension that carries each."""


def canonical(key: str, version: int) -> str:
    return f"{CANONICAL}{key}|{version}"


def extension(name: str, value_name: str, value: object) -> Json:
    """One of our own extensions."""
    return {"url": OWN + name, value_name: value}


def read_all(element: Json, url: str) -> list[Any]:
    """Values of an element's extensions with a URL."""
    found = [one for one in element.get("extension", []) if one["url"] == url]
    return [value for one in found for name, value in one.items() if name.startswith("value")]


def read_extension(element: Json, name: str) -> Any:  # noqa: ANN401 - JSON
    """The value of one of our own extensions, or None."""
    return next(iter(read_all(element, OWN + name)), None)


def option_system(item: Item) -> str:
    return OPTIONS + item.link_id


def option_coding(item: Item, code: str) -> Json:
    display = next((option.display for option in item.options if option.code == code), code)
    return {"system": option_system(item), "code": code, "display": display}


def coding_code(coding: Json) -> str:
    """The code, or the display where there is no code."""
    return str(coding.get("code") or coding.get("display") or "")


def checked_resource(kind: str, resource: Json) -> Json:
    """Returns the resource if it is sound FHIR R4.

    Raises:
        Invalid: It is not; the message names the element.
    """
    model = QuestionnaireResource if kind == "Questionnaire" else QuestionnaireResponse
    if resource.get("resourceType") != kind:
        raise Invalid(f"这不是 FHIR {kind}", code="fhir_resource", field="resourceType")
    try:
        model.model_validate(resource)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"FHIR {kind} 的“{place}”有误", code="fhir_invalid", field=place) from error
    return resource


def to_json(resource: Json) -> str:
    return json.dumps(resource, ensure_ascii=False, indent=1)
