"""Queries of tries and of paused records."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from assistant.identifying.models import PauseRow, TryRow
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


def paused(session: Session, patient_id: UUID) -> bool:
    return session.scalar(select(PauseRow.at).where(PauseRow.patient_id == patient_id)) is not None


def pause(session: Session, patient_id: UUID, user_id: UUID, now: datetime) -> None:
    session.merge(PauseRow(patient_id=patient_id, user_id=user_id, at=now))
    session.flush()


def open_again(session: Session, patient_id: UUID) -> None:
    session.execute(delete(PauseRow).where(PauseRow.patient_id == patient_id))


def forget(session: Session, tries_before: datetime) -> None:
    """Deletes old tries."""
    session.execute(delete(TryRow).where(TryRow.at <= tries_before))
