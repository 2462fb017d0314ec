"""A definition as a FHIR R4 Questionnaire, out.

Standard extensions where FHIR has them (unit, bounds, item control, ordinal value); voice wording, keys and alert
rules are ours, under urn:huifang:fhir:.
"""

import json
from typing import Any

from core_api.questionnaires.fhir_base import (
    EXTENSION_NAMES,
    ITEM_CONTROL,
    ITEM_CONTROL_SYSTEM,
    MAX_VALUE,
    MIN_VALUE,
    ORDINAL_VALUE,
    UNIT,
    Json,
    canonical,
    checked_resource,
    coding_code,
    extension,
    option_coding,
    option_system,
    read_extension,
    to_json,
)
from core_api.questionnaires.fhir_in import from_fhir
from core_api.questionnaires.schemas import Condition, Item, Option, Questionnaire

__all__ = [
    "canonical",
    "checked_resource",
    "coding_code",
    "extension",
    "from_fhir",
    "option_coding",
    "read_extension",
    "to_fhir",
    "to_fhir_json",
    "to_json",
]

STATUSES = {"draft": "draft", "published": "active", "retired": "retired"}
TYPES = {"multi_choice": "choice"}
CONTROLS = {"choice": "radio-button", "boolean": "radio-button", "multi_choice": "check-box"}
CHOICES = {"choice", "multi_choice"}


def to_fhir(questionnaire: Questionnaire) -> Json:
    """Writes a definition that from_fhir reads the same.

    Raises:
        Invalid: The definition has what FHIR cannot hold, such as an item without text.
    """
    extensions = [
        extension(name, "valueString", getattr(questionnaire, field))
        for field, name in EXTENSION_NAMES["questionnaire"].items()
        if getattr(questionnaire, field)
    ]
    extensions += [extension("context", "valueString", name) for name in questionnaire.context]
    extensions += [_packed("alert-rule", rule.model_dump(mode="json")) for rule in questionnaire.alert_rules]
    extensions += [_packed("scale", scale.model_dump(mode="json")) for scale in questionnaire.scoring]
    url, _, version = canonical(questionnaire.key, questionnaire.version).partition("|")
    resource = {
        "resourceType": "Questionnaire",
        "url": url,
        "version": version,
        "name": questionnaire.key,
        "title": questionnaire.title,
        "status": STATUSES[questionnaire.status],
        "description": questionnaire.description,
        "subjectType": ["Patient"],
        "extension": extensions,
        "item": [_item(item, questionnaire) for item in questionnaire.items],
    }
    return checked_resource("Questionnaire", {name: value for name, value in resource.items() if value})


def to_fhir_json(questionnaire: Questionnaire) -> str:
    return to_json(to_fhir(questionnaire))


def _packed(name: str, data: Json) -> Json:
    return extension(name, "valueString", json.dumps(data, ensure_ascii=False))


def _item(item: Item, questionnaire: Questionnaire) -> Json:
    out: Json = {
        "linkId": item.link_id,
        "text": item.text_chat,
        "type": TYPES.get(item.type, item.type),
        "extension": [*_own(item), *_bounds(item)],
    }
    if item.type != "display":
        out["required"] = item.required
    if item.type == "multi_choice":
        out["repeats"] = True
    if item.type in CHOICES:
        out["answerOption"] = [_option(item, option) for option in item.options]
    if item.enable_when:
        out["enableWhen"] = [_condition(one, questionnaire) for one in item.enable_when]
        out["enableBehavior"] = item.enable_behavior
    return out


def _own(item: Item) -> list[Json]:
    own = [
        extension(name, "valueString", getattr(item, field))
        for field, name in EXTENSION_NAMES["item"].items()
        if getattr(item, field)
    ]
    own.append(extension("skippable", "valueBoolean", item.skippable))
    if item.type == "boolean":
        own += [_packed("boolean-option", option.model_dump(mode="json")) for option in item.options]
    if item.type in CONTROLS:
        coding = {"system": ITEM_CONTROL_SYSTEM, "code": CONTROLS[item.type]}
        own.append({"url": ITEM_CONTROL, "valueCodeableConcept": {"coding": [coding]}})
    return own


def _bounds(item: Item) -> list[Json]:
    bounds: list[Json] = []
    if item.unit:
        bounds.append({"url": UNIT, "valueCoding": {"display": item.unit}})
    for url, value in ((MIN_VALUE, item.minimum), (MAX_VALUE, item.maximum)):
        if value is not None:
            whole = item.type == "integer" and value == int(value)
            bounds.append({"url": url, "valueInteger": int(value)} if whole else {"url": url, "valueDecimal": value})
    return bounds


def _option(item: Item, option: Option) -> Json:
    extensions = [extension("synonym", "valueString", word) for word in option.synonyms]
    if option.key is not None:
        extensions.append(extension("key", "valueString", option.key))
    if option.score is not None:
        extensions.append({"url": ORDINAL_VALUE, "valueDecimal": option.score})
    out: Json = {"valueCoding": option_coding(item, option.code)}
    return {"extension": extensions, **out} if extensions else out


def _condition(condition: Condition, questionnaire: Questionnaire) -> Json:
    return {
        "question": condition.question,
        "operator": condition.operator,
        **_condition_answer(condition, questionnaire.item(condition.question)),
    }


def _condition_answer(condition: Condition, target: Item | None) -> Json:
    answer: Any = condition.answer
    if isinstance(answer, bool):
        return {"answerBoolean": answer}
    if target is not None and target.type in CHOICES:
        return {"answerCoding": {"system": option_system(target), "code": answer}}
    if isinstance(answer, int):
        return {"answerInteger": answer}
    if isinstance(answer, float):
        return {"answerDecimal": answer}
    return {"answerString": answer} if isinstance(answer, str) else {"answerDate": answer.isoformat()}
