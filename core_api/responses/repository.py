"""Queries on responses, answers and rechecks; sealed fields are opened here."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from core_api.kit.crypto import seal, unseal
from core_api.kit.db import new_id
from core_api.questionnaires.rules import score as score_scales
from core_api.questionnaires.rules import value_label
from core_api.questionnaires.schemas import Questionnaire
from core_api.responses import rules
from core_api.responses.models import AnswerRow, RecheckRow, ResponseRow
from core_api.responses.schemas import (
    AnswerIn,
    AnswerView,
    RecheckOpened,
    RecheckRecord,
    RecheckStatus,
    ResponseView,
    Status,
)

VALUE = "answers.value"
WORDS = "answers.words"
NOTE = "rechecks.note"


def find_open(session: Session, open_key: str) -> ResponseRow | None:
    return session.scalar(select(ResponseRow).where(ResponseRow.open_key == open_key))


def by_source(session: Session, source_key: str) -> UUID | None:
    """The response that another system sent under an identifier."""
    return session.scalar(select(ResponseRow.id).where(ResponseRow.source_key == source_key))


def find(session: Session, response_id: UUID, *, lock: bool = False) -> ResponseRow | None:
    query = select(ResponseRow).where(ResponseRow.id == response_id)
    return session.scalar(query.with_for_update() if lock else query)


def add(session: Session, row: ResponseRow) -> None:
    session.add(row)
    session.flush()


def of_patient(session: Session, patient_id: UUID, before: UUID | None, limit: int) -> list[ResponseRow]:
    """Newest first."""
    query = select(ResponseRow).where(ResponseRow.patient_id == patient_id)
    if before is not None:
        query = query.where(ResponseRow.id < before)
    return list(session.scalars(query.order_by(ResponseRow.id.desc()).limit(limit)))


def newest_completed(session: Session, patient_id: UUID, questionnaire_key: str) -> ResponseRow | None:
    return session.scalar(
        select(ResponseRow)
        .where(
            ResponseRow.patient_id == patient_id,
            ResponseRow.questionnaire_key == questionnaire_key,
            ResponseRow.status == "completed",
        )
        .order_by(ResponseRow.completed_at.desc(), ResponseRow.id.desc())
        .limit(1)
    )


def set_status(session: Session, row: ResponseRow, status: Status, now: datetime) -> None:
    row.status = status
    if status == "completed":
        row.completed_at, row.open_key = now, None
    session.flush()


def current_answers(session: Session, row: ResponseRow, questionnaire: Questionnaire) -> tuple[AnswerView, ...]:
    """The counting revision of each answer, in the questionnaire's order."""
    rows = session.scalars(
        select(AnswerRow).where(AnswerRow.response_id == row.id).order_by(AnswerRow.link_id, AnswerRow.revision)
    )
    newest = {answer.link_id: answer for answer in rows}
    order = {item.link_id: place for place, item in enumerate(questionnaire.items)}
    ordered = sorted(newest.values(), key=lambda answer: order.get(answer.link_id, len(order)))
    return tuple(_answer_view(session, answer, questionnaire) for answer in ordered)


def answer_history(
    session: Session, response_id: UUID, link_id: str, questionnaire: Questionnaire
) -> tuple[AnswerView, ...]:
    """Every revision of one answer, oldest first."""
    rows = session.scalars(
        select(AnswerRow)
        .where(AnswerRow.response_id == response_id, AnswerRow.link_id == link_id)
        .order_by(AnswerRow.revision)
    )
    return tuple(_answer_view(session, answer, questionnaire) for answer in rows)


def _answer_view(session: Session, row: AnswerRow, questionnaire: Questionnaire) -> AnswerView:
    item = questionnaire.item(row.link_id)
    value = rules.from_text(item, unseal(session, VALUE, row.id, row.value_sealed))
    return AnswerView.model_validate(
        {
            "link_id": row.link_id,
            "question": item.text_chat if item else row.link_id,
            "value": value,
            "display": value_label(item, value) if item else "",
            "words": unseal(session, WORDS, row.id, row.words_sealed),
            "confidence": row.confidence,
            "status": row.status,
            "source": row.source,
            "revision": row.revision,
            "answered_at": row.answered_at,
        }
    )


def add_answer(session: Session, response_id: UUID, answer: AnswerIn, value: str | None, now: datetime) -> None:
    """Adds the next revision; `value` is the value as text."""
    highest = session.scalar(
        select(func.max(AnswerRow.revision)).where(
            AnswerRow.response_id == response_id, AnswerRow.link_id == answer.link_id
        )
    )
    row_id = new_id()
    session.add(
        AnswerRow(
            id=row_id,
            response_id=response_id,
            link_id=answer.link_id,
            revision=(highest or 0) + 1,
            value_sealed=seal(session, VALUE, row_id, value),
            words_sealed=seal(session, WORDS, row_id, answer.words),
            confidence=answer.confidence,
            status=answer.status,
            source=answer.source,
            answered_at=now,
        )
    )
    session.flush()


def to_view(row: ResponseRow, questionnaire: Questionnaire, answers: tuple[AnswerView, ...]) -> ResponseView:
    fields = ("id", "patient_id", "task_id", "call_id", "questionnaire_key", "version", "channel", "status")
    view = ResponseView.model_validate(
        {
            **{name: getattr(row, name) for name in fields},
            "title": questionnaire.title,
            "started_at": row.started_at,
            "completed_at": row.completed_at,
            "answers": answers,
        }
    )
    return view.model_copy(update={"scores": tuple(score_scales(questionnaire, view.values))})


def recheck_of(session: Session, response_id: UUID, link_id: str) -> RecheckRecord | None:
    row = session.scalar(select(RecheckRow).where(RecheckRow.response_id == response_id, RecheckRow.link_id == link_id))
    return None if row is None else _recheck(row)


def add_recheck(session: Session, recheck: RecheckOpened, now: datetime) -> UUID:
    row = RecheckRow(
        id=new_id(), **recheck.model_dump(), rank=rules.RANKS[recheck.level], status="open", created_at=now
    )
    session.add(row)
    session.flush()
    return row.id


def find_recheck(session: Session, recheck_id: UUID) -> RecheckRecord | None:
    row = session.scalar(select(RecheckRow).where(RecheckRow.id == recheck_id).with_for_update())
    return None if row is None else _recheck(row)


def close_recheck(session: Session, recheck_id: UUID, actor: UUID | None, note: str, now: datetime) -> None:
    row = session.get_one(RecheckRow, recheck_id)
    row.status, row.resolved_at, row.resolved_by = "resolved", now, actor
    row.note_sealed = seal(session, NOTE, row.id, note or None)
    session.flush()


def rechecks(
    session: Session, status: RecheckStatus, after: tuple[int, UUID] | None, limit: int
) -> list[tuple[int, RecheckRecord]]:
    """Those that may hide the worst alert first, then the oldest; with the rank for the cursor."""
    query = select(RecheckRow).where(RecheckRow.status == status)
    if after is not None:
        rank, last = after
        query = query.where(or_(RecheckRow.rank > rank, and_(RecheckRow.rank == rank, RecheckRow.id > last)))
    rows = session.scalars(query.order_by(RecheckRow.rank, RecheckRow.id).limit(limit))
    return [(row.rank, _recheck(row)) for row in rows]


def calls_to_recheck(session: Session, call_ids: Collection[UUID]) -> set[UUID]:
    query = select(RecheckRow.call_id).where(RecheckRow.call_id.in_(call_ids), RecheckRow.status == "open")
    return {found for found in session.scalars(query) if found is not None}


def count_rechecks(session: Session, status: RecheckStatus) -> int:
    return session.scalar(select(func.count()).select_from(RecheckRow).where(RecheckRow.status == status)) or 0


def _recheck(row: RecheckRow) -> RecheckRecord:
    return RecheckRecord.model_validate({name: getattr(row, name) for name in RecheckRecord.model_fields})
