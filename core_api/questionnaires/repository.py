"""Queries on questionnaire versions."""

from datetime import datetime
from functools import lru_cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core_api.questionnaires.models import QuestionnaireVersion
from core_api.questionnaires.schemas import Questionnaire, QuestionnaireLine, Status

CACHED_DEFINITIONS = 256


@lru_cache(maxsize=CACHED_DEFINITIONS)
def _parsed(definition: str) -> Questionnaire:
    return Questionnaire.model_validate_json(definition)


def _to_schema(row: QuestionnaireVersion) -> Questionnaire:
    questionnaire = _parsed(row.definition)
    status: Status = "published" if row.status == "published" else "retired" if row.status == "retired" else "draft"
    return questionnaire if questionnaire.status == status else questionnaire.with_status(status)


def _to_line(row: QuestionnaireVersion) -> QuestionnaireLine:
    return QuestionnaireLine.model_validate({name: getattr(row, name) for name in QuestionnaireLine.model_fields})


def find(session: Session, key: str, version: int) -> Questionnaire | None:
    row = session.scalar(
        select(QuestionnaireVersion).where(QuestionnaireVersion.key == key, QuestionnaireVersion.version == version)
    )
    return None if row is None else _to_schema(row)


def newest(session: Session, key: str, status: Status) -> Questionnaire | None:
    row = _newest_row(session, key, status)
    return None if row is None else _to_schema(row)


def _newest_row(session: Session, key: str, status: Status) -> QuestionnaireVersion | None:
    return session.scalar(
        select(QuestionnaireVersion)
        .where(QuestionnaireVersion.key == key, QuestionnaireVersion.status == status)
        .order_by(QuestionnaireVersion.version.desc())
        .limit(1)
    )


def highest_version(session: Session, key: str) -> int:
    """0 when there is none."""
    return session.scalar(select(func.max(QuestionnaireVersion.version)).where(QuestionnaireVersion.key == key)) or 0


def lines(session: Session, key: str | None = None) -> list[QuestionnaireLine]:
    """Published versions and drafts, or every version of one key."""
    query = select(QuestionnaireVersion).order_by(QuestionnaireVersion.key, QuestionnaireVersion.version.desc())
    if key is None:
        query = query.where(QuestionnaireVersion.status != "retired")
    else:
        query = query.where(QuestionnaireVersion.key == key)
    return [_to_line(row) for row in session.scalars(query)]


def put_draft(session: Session, questionnaire: Questionnaire, now: datetime) -> None:
    """Adds the key's draft, or replaces the one there is."""
    row = _newest_row(session, questionnaire.key, "draft")
    if row is None:
        add(session, questionnaire, now)
        return
    row.title = questionnaire.title
    row.items_count = len(questionnaire.items)
    row.definition = questionnaire.model_dump_json()
    session.flush()


def add(session: Session, questionnaire: Questionnaire, now: datetime) -> None:
    """Adds a version as a draft."""
    session.add(
        QuestionnaireVersion(
            key=questionnaire.key,
            version=questionnaire.version,
            status="draft",
            title=questionnaire.title,
            items_count=len(questionnaire.items),
            definition=questionnaire.model_dump_json(),
            created_at=now,
        )
    )
    session.flush()


def publish(session: Session, key: str, version: int, now: datetime) -> None:
    """Publishes one version and retires those published before."""
    rows = session.scalars(select(QuestionnaireVersion).where(QuestionnaireVersion.key == key).with_for_update()).all()
    for row in rows:
        if row.version == version:
            row.status, row.published_at = "published", now
        elif row.status == "published":
            row.status = "retired"
    session.flush()
