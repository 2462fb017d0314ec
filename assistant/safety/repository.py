"""Queries of the rules' revisions."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from assistant.safety.models import RevisionRow
from core_api.kit.db import add_once

PUBLISHED, DRAFT, RETIRED = "published", "draft", "retired"
ACTIVE_NUMBER = select(func.max(RevisionRow.number)).where(RevisionRow.status == PUBLISHED)
"""Asked with every message."""


class Revision(NamedTuple):
    """A revision as it is kept; `shipped` is the hash of the product's own document it was made from."""

    number: int
    status: str
    document: str
    note: str
    shipped: str | None
    author_id: UUID | None
    publisher_id: UUID | None
    created_at: datetime
    published_at: datetime | None


def active_number(session: Session) -> int | None:
    return session.scalar(ACTIVE_NUMBER)


def one(session: Session, number: int, *, lock: bool = False) -> Revision | None:
    query = select(RevisionRow).where(RevisionRow.number == number)
    row = session.scalar((query.with_for_update() if lock else query).execution_options(populate_existing=True))
    return None if row is None else _revision(row)


def revisions(session: Session) -> list[Revision]:
    """Every revision, the newest first."""
    rows = session.scalars(select(RevisionRow).order_by(RevisionRow.number.desc()))
    return [_revision(row) for row in rows]


def add(session: Session, values: dict[str, Any]) -> int | None:
    """Adds the next revision; None when another transaction took its number."""
    number = (session.scalar(select(func.max(RevisionRow.number))) or 0) + 1
    if not add_once(session, RevisionRow(number=number, **values)):
        return None
    return number


def change_draft(session: Session, number: int, values: dict[str, Any]) -> bool:
    """Changes a revision that is still a draft."""
    statement = update(RevisionRow).where(RevisionRow.number == number, RevisionRow.status == DRAFT)
    done = session.execute(statement.values(**values).execution_options(synchronize_session=False))
    return bool(getattr(done, "rowcount", 0))


def retire_before(session: Session, number: int) -> None:
    statement = update(RevisionRow).where(RevisionRow.number < number, RevisionRow.status == PUBLISHED)
    session.execute(statement.values(status=RETIRED).execution_options(synchronize_session=False))


def _revision(row: RevisionRow) -> Revision:
    return Revision(*(getattr(row, name) for name in Revision._fields))
