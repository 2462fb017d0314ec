"""Queries of gold questions and evaluations."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from core_api.kit.db import new_id
from knowledge.evaluation.models import Evaluation, GoldQuestion
from knowledge.evaluation.schemas import EvaluationLine, EvaluationView, GoldIn, GoldView


def all_gold(session: Session) -> list[GoldView]:
    rows = session.scalars(select(GoldQuestion).order_by(GoldQuestion.id))
    return [GoldView.model_validate(row, from_attributes=True) for row in rows]


def gold_page(session: Session, after: UUID | None, limit: int) -> list[GoldView]:
    query = select(GoldQuestion).where(*([GoldQuestion.id > after] if after else []))
    rows = session.scalars(query.order_by(GoldQuestion.id).limit(limit))
    return [GoldView.model_validate(row, from_attributes=True) for row in rows]


def gold_count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(GoldQuestion)) or 0


def add_gold(session: Session, questions: list[GoldIn], source: str, at: datetime) -> list[UUID]:
    """Keeps gold questions; returns their ids."""
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "question": one.question,
            "expected": list(one.expected),
            "kind": one.kind,
            "source": source,
            "created_at": at,
        }
        for one in questions
    ]
    if rows:
        session.execute(insert(GoldQuestion), rows)
    return [row["id"] for row in rows]


def remove_gold(session: Session, gold_id: UUID) -> bool:
    row = session.get(GoldQuestion, gold_id)
    if row is not None:
        session.delete(row)
        session.flush()
    return row is not None


def add_evaluation(session: Session, view: EvaluationView) -> None:
    names = ("id", "at", "by_name", "questions", "entries", "took_seconds")
    figures = view.model_dump(mode="json", include={"lines", "answer_at", "offer_at", "wrong"})
    session.add(Evaluation(**{name: getattr(view, name) for name in names}, figures=figures))
    session.flush()


def evaluations(session: Session, before: UUID | None, limit: int) -> list[EvaluationLine]:
    """Runs, the newest first."""
    query = select(Evaluation).where(*([Evaluation.id < before] if before else []))
    rows = session.scalars(query.order_by(Evaluation.id.desc()).limit(limit))
    return [EvaluationLine.model_validate(_view(row).model_dump()) for row in rows]


def evaluation(session: Session, evaluation_id: UUID) -> EvaluationView | None:
    row = session.get(Evaluation, evaluation_id)
    return None if row is None else _view(row)


def _view(row: Evaluation) -> EvaluationView:
    names = ("id", "at", "by_name", "questions", "entries", "took_seconds")
    return EvaluationView.model_validate({name: getattr(row, name) for name in names} | row.figures)
