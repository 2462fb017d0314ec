"""Profiles: which column is which field."""

import fnmatch
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError

from core_api.imports.schemas import Kind, Profile
from core_api.kit.errors import Invalid
from core_api.kit.yaml_text import load_yaml

DEFAULT = Path(__file__).parent / "profiles" / "default.yaml"
KINDS: tuple[Kind, ...] = ("patients", "contracts", "treatments", "observations")


@dataclass(frozen=True)
class Header:
    """A header that a profile knows.

    Attributes:
        kind: What the file holds.
        fields: field -> position of its column.
        titles: field -> the column's title as written.
        width: Number of columns.
    """

    kind: Kind
    fields: dict[str, int]
    titles: dict[str, str]
    width: int


def load_profile(path: Path | None = None) -> Profile:
    """Reads a profile; the default one without a path.

    Raises:
        Invalid: The file is missing, is not YAML, or names fields or kinds that do not exist.
    """
    try:
        profile = Profile.model_validate(load_yaml((path or DEFAULT).read_text("utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise Invalid("导入方案文件无法读取，请对照默认方案检查格式", code="bad_profile", field="profile") from error
    if path is not None:
        _check_fields(profile, load_profile())
    return profile


def recognise(profile: Profile, cells: Sequence[object]) -> Header | None:
    """The kind whose required columns are all there, with the most columns known; None for any other row."""
    titles = [_normal(cell) for cell in cells]
    headers = [_match(profile, kind, titles, cells) for kind in KINDS if kind in profile.files]
    return max((one for one in headers if one), key=lambda one: len(one.fields), default=None)


def missing_columns(profile: Profile, cells: Sequence[object], file_name: str) -> tuple[str, list[str]] | None:
    """(what the file should be, titles it lacks) for a row that nearly is a header; None when it is something else."""
    titles = {_normal(cell) for cell in cells}
    best: tuple[float, str, list[str]] | None = None
    for one in profile.files.values():
        named = any(fnmatch.fnmatch(file_name.casefold(), pattern.casefold()) for pattern in one.names)
        known = sum(1 for names in one.columns.values() if titles & {_normal(name) for name in names})
        lacking = [one.columns[f][0] for f in one.required if not titles & {_normal(n) for n in one.columns[f]}]
        score = known / len(one.columns) + (0.5 if named else 0)
        if known >= 2 and lacking and (best is None or score > best[0]):  # noqa: PLR2004 - one column may be chance
            best = (score, one.title, lacking)
    return best[1:] if best else None


def _match(profile: Profile, kind: Kind, titles: list[str], cells: Sequence[object]) -> Header | None:
    one = profile.files[kind]
    fields: dict[str, int] = {}
    for field, names in one.columns.items():
        position = next((titles.index(title) for title in map(_normal, names) if title in titles), None)
        if position is not None:
            fields[field] = position
    if not set(one.required) <= set(fields):
        return None
    written = {field: str(cells[position]).strip() for field, position in fields.items()}
    return Header(kind, fields, written, len(cells))


def _check_fields(profile: Profile, default: Profile) -> None:
    for kind, one in profile.files.items():
        unknown = set(one.columns) - set(default.files[kind].columns)
        lacking = set(default.files[kind].required) - set(one.columns)
        if unknown or lacking or not set(one.required) <= set(one.columns):
            names = "、".join(sorted(unknown | lacking | (set(one.required) - set(one.columns))))
            raise Invalid(f"导入方案 {kind} 中的字段有误：{names}", code="bad_profile", field="profile")


def _normal(cell: object) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", str(cell or ""))).strip("*:").casefold()
