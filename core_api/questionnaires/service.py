"""Versions of questionnaires: draft, publish, seed, read."""

import logging

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.errors import Invalid, NotFound
from core_api.questionnaires import document, repository
from core_api.questionnaires.rules import validate_definition
from core_api.questionnaires.schemas import (
    DefinitionProblem,
    DraftSaved,
    LibraryReport,
    Questionnaire,
    QuestionnaireLine,
)

log = logging.getLogger(__name__)

PROBLEMS_SHOWN = 5


class DefinitionRefused(Invalid):
    """A definition with problems is not published; `problems` has all of them."""

    default_code = "questionnaire_refused"

    def __init__(self, problems: list[DefinitionProblem]) -> None:
        shown = "；".join(
            (f"题目“{one.link_id}”：" if one.link_id else "") + f"{one.reason}，{one.remedy}"
            for one in problems[:PROBLEMS_SHOWN]
        )
        super().__init__(f"问卷有{len(problems)}处问题，不能发布。{shown}", field=problems[0].link_id)
        self.problems = tuple(problems)
        self.items = tuple(
            {"field": one.link_id or "", "code": one.code, "reason": one.reason, "remedy": one.remedy}
            for one in problems
        )


def published(session: Session, key: str) -> Questionnaire:
    """The version in use.

    Raises:
        NotFound: Nothing of this key is published.
    """
    found = repository.newest(session, key, "published")
    if found is None:
        raise NotFound(f"没有已发布的问卷“{key}”", code="questionnaire_not_found", field="questionnaire_key")
    return found


def get(session: Session, key: str, version: int) -> Questionnaire:
    """One version, whatever its status.

    Raises:
        NotFound: There is no such version.
    """
    found = repository.find(session, key, version)
    if found is None:
        raise NotFound(f"没有问卷“{key}”的第{version}版", code="questionnaire_not_found", field="version")
    return found


def list_questionnaires(session: Session) -> list[QuestionnaireLine]:
    """Published versions and drafts, by key."""
    return repository.lines(session)


def list_versions(session: Session, key: str) -> list[QuestionnaireLine]:
    """Every version of one key, newest first.

    Raises:
        NotFound: There is no such key.
    """
    found = repository.lines(session, key)
    if not found:
        raise NotFound(f"没有问卷“{key}”", code="questionnaire_not_found", field="key")
    return found


def save_draft(session: Session, questionnaire: Questionnaire, clock: Clock) -> DraftSaved:
    """Keeps a draft, problems and all; it gets the version after the newest that was ever published."""
    draft = repository.newest(session, questionnaire.key, "draft")
    version = draft.version if draft else repository.highest_version(session, questionnaire.key) + 1
    kept = questionnaire.with_status("draft", version)
    repository.put_draft(session, kept, clock.now())
    return DraftSaved(key=kept.key, version=version, title=kept.title, problems=tuple(validate_definition(kept)))


def publish(session: Session, key: str, clock: Clock) -> Questionnaire:
    """Publishes the key's draft and retires the version before it.

    Raises:
        NotFound: There is no draft.
        DefinitionRefused: The draft has problems.
    """
    draft = repository.newest(session, key, "draft")
    if draft is None:
        raise NotFound(f"问卷“{key}”没有草稿", code="questionnaire_no_draft", field="key")
    problems = validate_definition(draft)
    if problems:
        raise DefinitionRefused(problems)
    repository.publish(session, key, draft.version, clock.now())
    log.info("questionnaire published", extra={"questionnaire_key": key, "version": draft.version})
    return draft.with_status("published")


def load_library(session: Session, clock: Clock) -> LibraryReport:
    """Publishes the shipped definitions that are newer than what is there; the second run changes nothing.

    Raises:
        DefinitionRefused: A shipped definition has problems.
    """
    created, unchanged = [], []
    for shipped in document.library():
        if shipped.version <= repository.highest_version(session, shipped.key):
            unchanged.append(shipped.key)
            continue
        problems = validate_definition(shipped)
        if problems:
            raise DefinitionRefused(problems)
        repository.add(session, shipped, clock.now())
        repository.publish(session, shipped.key, shipped.version, clock.now())
        created.append(shipped.key)
    return LibraryReport(created=tuple(created), unchanged=tuple(unchanged))
