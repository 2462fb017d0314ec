"""Queries of the list for people."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from campaigns.people.models import PeopleCase
from campaigns.people.schemas import PeopleCaseRow


def of_target(session: Session, target_id: UUID) -> UUID | None:
    """The case of a target."""
    return session.scalar(select(PeopleCase.id).where(PeopleCase.target_id == target_id))


def add(session: Session, case: PeopleCase) -> None:
    """Inserts a case."""
    session.add(case)
    session.flush()


def get(session: Session, case_id: UUID) -> PeopleCaseRow | None:
    """One case as it is in the database."""
    row = session.scalar(select(PeopleCase).where(PeopleCase.id == case_id).execution_options(populate_existing=True))
    return None if row is None else PeopleCaseRow.model_validate(row)


def close(session: Session, case_id: UUID, values: dict[str, object]) -> bool:
    """Closes an open case; False when it is closed already."""
    closed = session.execute(
        update(PeopleCase)
        .where(PeopleCase.id == case_id, PeopleCase.closed_at.is_(None))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(closed, "rowcount", 0))


def close_of_target(session: Session, target_id: UUID, now: datetime, outcome: str) -> bool:
    """Closes a target's case that became needless."""
    case_id = of_target(session, target_id)
    return case_id is not None and close(session, case_id, {"closed_at": now, "outcome": outcome})


def page(session: Session, *, open_only: bool, after: UUID | None, limit: int) -> list[PeopleCaseRow]:
    """Cases in order of opening."""
    query = select(PeopleCase).where(PeopleCase.closed_at.is_(None) if open_only else PeopleCase.closed_at.is_not(None))
    if after is not None:
        query = query.where(PeopleCase.id > after)
    return [PeopleCaseRow.model_validate(row) for row in session.scalars(query.order_by(PeopleCase.id).limit(limit))]


def count_open(session: Session) -> int:
    """How many wait for a person."""
    return session.scalar(select(func.count()).select_from(PeopleCase).where(PeopleCase.closed_at.is_(None))) or 0
