"""Templates as YAML: reading, checking, publishing a new version, seeding the shipped ones."""

from functools import lru_cache
from importlib.resources import files

import yaml
from pydantic import ValidationError
from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.errors import Invalid
from core_api.kit.yaml_text import load_yaml
from core_api.plans import repository
from core_api.plans.schemas import LibraryReport, Origin, Template, TemplateView
from core_api.plans.validation import ItemCodes, validate_template

MAX_YAML_CHARS = 200_000


def parse_template(text: str) -> Template:
    """Reads a template from YAML.

    Raises:
        Invalid: Not YAML, or not of a template's form; the field at fault is named.
    """
    if len(text) > MAX_YAML_CHARS:
        raise Invalid("模板过大，请拆分后再提交", code="template_too_large")
    try:
        return Template.model_validate(load_yaml(text))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"第 {mark.line + 1} 行" if mark else "文件中"
        raise Invalid(f"模板不是有效的 YAML：{place}有误，请检查缩进和冒号", code="template_yaml") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "template"
        raise Invalid(f"模板的“{field}”填写有误，请对照模板格式修改", code="template_form", field=field) from error


def dump_template(template: Template) -> str:
    """A template as YAML, which `parse_template` reads back to the same."""
    data = template.model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)


def publish_template(
    session: Session,
    template: Template,
    questionnaires: dict[str, ItemCodes] | None,
    clock: Clock,
    *,
    origin: Origin = "hospital",
) -> TemplateView:
    """Puts a template in force as the next version of its key; the same content makes no new version.

    Raises:
        Invalid: The template has problems, all of which the message names.
    """
    problems = validate_template(template, questionnaires)
    if problems:
        raise Invalid("；".join(problem.message for problem in problems), code="template_problems", field="nodes")
    latest = {view.template.key: view for view in repository.templates(session)}.get(template.key)
    if latest is not None and latest.template == template:
        return latest
    version = latest.version + 1 if latest else 1
    now = clock.now()
    repository.add_template(session, template, version, origin, now)
    return TemplateView(version=version, template=template, created_at=now, origin=origin)


def load_library(session: Session, clock: Clock) -> LibraryReport:
    """Puts the shipped templates in force: new ones, and newer ones in the place of shipped ones.

    A hospital's own version stays. Tasks that were made stay as they are; new ones follow the new version.
    """
    present = {view.template.key: view for view in repository.templates(session)}
    done: dict[str, list[str]] = {"created": [], "updated": [], "unchanged": []}
    for template in shipped_templates():
        change = _change(template, present.get(template.key))
        if change != "unchanged":
            publish_template(session, template, None, clock, origin="library")
        done[change].append(template.key)
    return LibraryReport.model_validate({name: tuple(keys) for name, keys in done.items()})


def _change(shipped: Template, in_force: TemplateView | None) -> str:
    if in_force is None:
        return "created"
    return "updated" if in_force.origin == "library" and in_force.template != shipped else "unchanged"


@lru_cache(maxsize=1)
def shipped_templates() -> tuple[Template, ...]:
    """The templates in the package."""
    folder = files("core_api.plans") / "library"
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".yaml")), key=lambda entry: entry.name)
    return tuple(parse_template(entry.read_text("utf-8")) for entry in found)
