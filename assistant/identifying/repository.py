"""Queries of tries."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from assistant.identifying.models import TryRow
from core_api.kit.db import new_id


def tries(session: Session, subjects: Collection[str], since: datetime) -> dict[str, int]:
    """Failed tries since a moment, by subject."""
    query = (
        select(TryRow.subject, func.count())
        .where(TryRow.subject.in_(subjects), TryRow.at > since)
        .group_by(TryRow.subject)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def add_tries(session: Session, subjects: Collection[str], now: datetime) -> None:
    session.add_all([TryRow(id=new_id(), subject=subject, at=now) for subject in subjects])
    session.flush()


def drop_tries(session: Session, subjects: Collection[str]) -> None:
    session.execute(delete(TryRow).where(TryRow.subject.in_(subjects)))


def forget(session: Session, tries_before: datetime) -> None:
    """Deletes old tries."""
    session.execute(delete(TryRow).where(TryRow.at <= tries_before))
