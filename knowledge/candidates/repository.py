"""Queries of candidates."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from core_api.kit.crypto import seal, unseal
from core_api.kit.db import add_once
from knowledge.candidates.models import Candidate
from knowledge.candidates.schemas import CandidateFilter, CandidateView

QUESTION, ANSWER = "knowledge_candidates.question", "knowledge_candidates.answer"


def add(session: Session, row: Candidate, question: str, answer: str) -> bool:
    """Keeps a candidate; False when its source was proposed before."""
    row.question_sealed = seal(session, QUESTION, row.id, question) or ""
    row.answer_sealed = seal(session, ANSWER, row.id, answer) or ""
    return add_once(session, row)


def id_of_source(session: Session, source_kind: str, source_id: UUID) -> UUID | None:
    return session.scalar(
        select(Candidate.id).where(Candidate.source_kind == source_kind, Candidate.source_id == source_id)
    )


def one(session: Session, candidate_id: UUID) -> CandidateView | None:
    row = session.get(Candidate, candidate_id, populate_existing=True)
    return None if row is None else _view(session, row)


def page(session: Session, wanted: CandidateFilter, before: UUID | None, limit: int) -> list[CandidateView]:
    """Candidates, the newest first."""
    query = select(Candidate).where(*_conditions(wanted), *([Candidate.id < before] if before else []))
    return [_view(session, row) for row in session.scalars(query.order_by(Candidate.id.desc()).limit(limit))]


def open_questions(session: Session, limit: int) -> list[tuple[UUID, str]]:
    """The newest open candidates with their questions."""
    return [(one.id, one.question) for one in page(session, CandidateFilter(), None, limit)]


def count(session: Session, wanted: CandidateFilter) -> int:
    return session.scalar(select(func.count()).select_from(Candidate).where(*_conditions(wanted))) or 0


def change(session: Session, candidate_id: UUID, values: dict[str, Any]) -> bool:
    """Changes an open candidate; False when it is not open any more."""
    done = session.execute(
        update(Candidate)
        .where(Candidate.id == candidate_id, Candidate.status == "open")
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(done, "rowcount", 0))


def _conditions(wanted: CandidateFilter) -> list[ColumnElement[bool]]:
    kind = [Candidate.source_kind == wanted.source_kind] if wanted.source_kind else []
    return [Candidate.status == wanted.status, *kind]


def _view(session: Session, row: Candidate) -> CandidateView:
    names = ("id", "source_kind", "source_id", "author_id", "at", "status", "entry_id")
    texts = {
        "question": unseal(session, QUESTION, row.id, row.question_sealed),
        "answer": unseal(session, ANSWER, row.id, row.answer_sealed),
    }
    return CandidateView.model_validate({name: getattr(row, name) for name in names} | texts)
