"""Queries of terms."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core_api.kit.db import new_id
from knowledge.terms.models import Term
from knowledge.terms.schemas import TermIn, TermKind, TermView


def all_terms(session: Session, kind: TermKind | None = None) -> list[TermView]:
    """Terms in their order."""
    query = select(Term).where(*([Term.kind == kind] if kind else [])).order_by(Term.kind, Term.term)
    return [TermView.model_validate(row, from_attributes=True) for row in session.scalars(query)]


def row(session: Session, term_id: UUID) -> Term | None:
    return session.get(Term, term_id)


def save(session: Session, term: Term, values: dict[str, Any]) -> bool:
    """Writes a term; False when there is another of its kind and name."""
    try:
        with session.begin_nested():
            for name, value in values.items():
                setattr(term, name, value)
            session.add(term)
            session.flush()
    except IntegrityError:
        return False
    return True


def add_all(session: Session, terms: Sequence[TermIn], by_name: str, at: datetime) -> None:
    rows = [
        one.model_dump()
        | {"id": new_id(), "alternatives": list(one.alternatives)}
        | {"updated_at": at, "updated_by_name": by_name}
        for one in terms
    ]
    if rows:
        session.execute(insert(Term), rows)


def delete(session: Session, term: Term) -> None:
    session.delete(term)
    session.flush()
