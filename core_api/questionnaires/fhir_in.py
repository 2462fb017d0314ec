"""A FHIR R4 Questionnaire, in: ours comes back the same, another's becomes a draft to complete."""

import json
import re
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from core_api.kit.errors import Invalid
from core_api.questionnaires.fhir_base import (
    CANONICAL,
    EXTENSION_NAMES,
    MAX_VALUE,
    MIN_VALUE,
    ORDINAL_VALUE,
    OWN,
    UNIT,
    Json,
    checked_resource,
    coding_code,
    read_all,
    read_extension,
)
from core_api.questionnaires.schemas import Questionnaire

STATUSES = {"draft": "draft", "active": "published", "retired": "retired", "unknown": "draft"}
TYPES = {
    "boolean": "boolean",
    "choice": "choice",
    "open-choice": "choice",
    "integer": "integer",
    "decimal": "decimal",
    "quantity": "decimal",
    "date": "date",
    "dateTime": "date",
    "string": "text",
    "text": "text",
    "display": "display",
}
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
DEPTH_LIMIT = 8


def from_fhir(resource: Json) -> Questionnaire:
    """Reads a Questionnaire; groups are flattened, their conditions handed to their items.

    Raises:
        Invalid: It is no sound FHIR R4 Questionnaire, or has what a spoken script cannot have.
    """
    checked_resource("Questionnaire", resource)
    data = {
        "key": _name(str(resource.get("url", "")).removeprefix(CANONICAL), str(resource.get("name", ""))),
        "version": _version(resource.get("version")),
        "title": resource.get("title") or resource.get("name") or "未命名问卷",
        "status": _status(resource),
        "description": resource.get("description", ""),
        "context": read_all(resource, OWN + "context"),
        "items": list(_items(resource.get("item", []), [], 0)),
        "alert_rules": _unpacked(read_all(resource, OWN + "alert-rule"), "alert-rule"),
        "scoring": _unpacked(read_all(resource, OWN + "scale"), "scale"),
        **_texts(resource, "questionnaire"),
    }
    try:
        return Questionnaire.model_validate(data)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors(include_url=False, include_input=False)[0]["loc"])
        raise Invalid(f"FHIR 问卷的“{place}”不能用作电话话术", code="fhir_unsupported", field=place) from error


def _status(resource: Json) -> str:
    found = STATUSES.get(resource["status"])
    if found is None:
        raise Invalid(f"FHIR 问卷的状态“{resource['status']}”无效", code="fhir_invalid", field="status")
    return found


def _unpacked(texts: list[Any], name: str) -> list[Any]:
    """Reads what our own extensions carry as JSON."""
    try:
        return [json.loads(text) for text in texts]
    except (TypeError, json.JSONDecodeError) as error:
        raise Invalid(f"FHIR 问卷的扩展“{name}”无法读取", code="fhir_invalid", field=name) from error


def _name(*candidates: str) -> str:
    """A foreign name becomes one of ours: lower case, digits and underscores."""
    for candidate in candidates:
        if NAME.fullmatch(candidate):
            return candidate
    slug = re.sub(r"[^a-z0-9]+", "_", candidates[-1].lower()).strip("_")
    return (slug if NAME.fullmatch(slug) else f"q_{slug}").rstrip("_")[:64]


def _version(text: object) -> int:
    return int(str(text)) if re.fullmatch(r"[1-9]\d{0,8}", str(text)) else 1


def _texts(element: Json, owner: str) -> Json:
    found = {field: read_extension(element, name) for field, name in EXTENSION_NAMES[owner].items()}
    return {field: text for field, text in found.items() if text is not None}


def _items(entries: list[Json], conditions: list[Json], depth: int) -> Iterator[Json]:
    if depth > DEPTH_LIMIT:
        raise Invalid("FHIR 问卷的分组太深", code="fhir_unsupported", field="item")
    for entry in entries:
        own = _joined(entry, conditions)
        if entry["type"] != "group":
            yield _item(entry, own)
        yield from _items(entry.get("item", []), own, depth + 1)


def _joined(entry: Json, outer: list[Json]) -> list[Json]:
    own = [_condition(one) for one in entry.get("enableWhen", [])]
    if outer and len(own) > 1 and entry.get("enableBehavior") == "any":
        raise Invalid("分组里的题目不能再用“任一条件”", code="fhir_unsupported", field=entry["linkId"])
    return [*outer, *own]


def _item(entry: Json, conditions: list[Json]) -> Json:
    kind = TYPES.get(entry["type"])
    if kind is None:
        raise Invalid(f"电话话术不支持题型“{entry['type']}”", code="fhir_unsupported", field=entry["linkId"])
    text = entry.get("text", "")
    several = kind == "choice" and entry.get("repeats")
    item: Json = {
        "link_id": _name(entry["linkId"]),
        "type": "multi_choice" if several else kind,
        "text_chat": text,
        "required": entry.get("required", kind == "display"),
        "options": _options(entry),
        "enable_when": conditions,
        "enable_behavior": entry.get("enableBehavior", "all"),
        "unit": next((coding.get("display") or coding.get("code") for coding in read_all(entry, UNIT)), None),
        "minimum": next(iter(read_all(entry, MIN_VALUE)), None),
        "maximum": next(iter(read_all(entry, MAX_VALUE)), None),
        "text_voice": text,
        **_texts(entry, "item"),
    }
    skippable = read_extension(entry, "skippable")
    return item if skippable is None else {**item, "skippable": skippable}


def _options(entry: Json) -> list[Json]:
    if entry["type"] == "boolean":
        return _unpacked(read_all(entry, OWN + "boolean-option"), "boolean-option")
    return [_option(option) for option in entry.get("answerOption", [])]


def _option(option: Json) -> Json:
    value = next(value for name, value in option.items() if name.startswith("value"))
    code = coding_code(value) if isinstance(value, dict) else str(value)
    return {
        "code": code,
        "display": (value.get("display") if isinstance(value, dict) else None) or code,
        "synonyms": read_all(option, OWN + "synonym"),
        "key": read_extension(option, "key"),
        "score": next(iter(read_all(option, ORDINAL_VALUE)), None),
    }


def _condition(entry: Json) -> Json:
    answer: Any = next(value for name, value in entry.items() if name.startswith("answer"))
    if isinstance(answer, dict):
        answer = coding_code(answer) if "value" not in answer else float(answer["value"])
    return {"question": _name(entry["question"]), "operator": entry["operator"], "answer": answer}
