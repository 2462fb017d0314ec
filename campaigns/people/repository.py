"""Queries of the list for people."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from campaigns.people.models import PeopleCase
from campaigns.people.schemas import PeopleCaseRow, PeopleFilter


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


def page(session: Session, wanted: PeopleFilter, after: UUID | None, limit: int) -> list[PeopleCaseRow]:
    """Cases in order of opening."""
    query = select(PeopleCase).where(*_conditions(wanted))
    if after is not None:
        query = query.where(PeopleCase.id > after)
    return [PeopleCaseRow.model_validate(row) for row in session.scalars(query.order_by(PeopleCase.id).limit(limit))]


def count(session: Session, wanted: PeopleFilter) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(PeopleCase).where(*_conditions(wanted))) or 0


def count_open(session: Session) -> int:
    """How many wait for a person."""
    return count(session, PeopleFilter())


def _conditions(wanted: PeopleFilter) -> list[ColumnElement[bool]]:
    closed = PeopleCase.closed_at
    found: list[ColumnElement[bool]] = [closed.is_(None) if wanted.open_only else closed.is_not(None)]
    if wanted.campaign_id is not None:
        found.append(PeopleCase.campaign_id == wanted.campaign_id)
    return found
