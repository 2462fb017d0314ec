"""A questionnaire as YAML, in and out, with the line at fault when it cannot be read."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from core_api.kit.errors import Invalid
from core_api.kit.yaml_text import load_yaml
from core_api.questionnaires.schemas import Questionnaire

LIBRARY = Path(__file__).parent / "library"
SIZE_LIMIT = 512 * 1024
"""Characters; the longest shipped definition has about 20,000."""


def from_bytes(data: bytes) -> Questionnaire:
    """Reads one definition from UTF-8.

    Raises:
        Invalid: As from_yaml, or the bytes are not UTF-8.
    """
    try:
        return from_yaml(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Invalid("文件不是 UTF-8 编码，请另存为 UTF-8", code="questionnaire_encoding") from error


def from_yaml(text: str) -> Questionnaire:
    """Reads one definition.

    Raises:
        Invalid: The text is no YAML, is too long, or lacks what a definition needs; the message says where.
    """
    if len(text) > SIZE_LIMIT:
        raise Invalid("问卷文件太大，请分成几份", code="questionnaire_too_large")
    try:
        data = load_yaml(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第{mark.line + 1}行" if mark else "文件"
        raise Invalid(f"{where}不是有效的 YAML，请检查缩进和冒号", code="questionnaire_yaml") from error
    if not isinstance(data, dict):
        raise Invalid("问卷文件应当以 key、version、title 开头", code="questionnaire_yaml")
    try:
        return Questionnaire.model_validate(data)
    except ValidationError as error:
        raise _unreadable(error, data) from error


def _unreadable(error: ValidationError, data: dict[str, Any]) -> Invalid:
    first = error.errors(include_url=False, include_input=False)[0]
    path = ".".join(str(part) for part in first["loc"])
    return Invalid(f"“{_place(first['loc'], data)}”有误：{first['msg']}", code="questionnaire_field", field=path)


def _place(loc: tuple[int | str, ...], data: dict[str, Any]) -> str:
    """Names the item or rule at fault by its own id rather than by its number."""
    match loc:
        case (str(group), int(index), *rest):
            entry = data[group][index]
            name = entry.get("link_id") or entry.get("key") if isinstance(entry, dict) else None
            return ".".join(str(part) for part in (group, name or index + 1, *rest))
        case _:
            return ".".join(str(part) for part in loc)


def to_yaml(questionnaire: Questionnaire) -> str:
    """Writes a definition so that from_yaml reads the same; defaults are left out."""
    data = questionnaire.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=200)


def library() -> list[Questionnaire]:
    """Reads the shipped definitions, in the order of their keys."""
    return [from_yaml(path.read_text(encoding="utf-8")) for path in sorted(LIBRARY.glob("*.yaml"))]
