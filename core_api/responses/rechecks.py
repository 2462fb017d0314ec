"""Rechecks: uncertain answers that staff confirm, the most dangerous first."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.audit import service as audit
from core_api.kit.clock import Clock
from core_api.kit.errors import Conflict, Invalid, NotFound
from core_api.kit.outbox import publish
from core_api.kit.paging import Page, decode_cursor, encode_cursor
from core_api.patients import service as patients
from core_api.questionnaires.rules import read_value
from core_api.questionnaires.schemas import AnswerValue, Item
from core_api.responses import answering, repository, rules
from core_api.responses.schemas import (
    AnswerIn,
    AnswerView,
    RecheckItem,
    RecheckRecord,
    RecheckStatus,
    RecheckView,
    ResolveResult,
)


def list_rechecks(session: Session, status: RecheckStatus, cursor: str | None, limit: int) -> Page[RecheckView]:
    """A page; patients are masked."""
    after = _after(cursor) if cursor else None
    rows = repository.rechecks(session, status, after, limit + 1)
    more = encode_cursor(rows[limit - 1][0], str(rows[limit - 1][1].id)) if len(rows) > limit else None
    items = [_view(session, record) for _, record in rows[:limit]]
    return Page(items=items, next_cursor=more, total=repository.count_rechecks(session, status))


def count_open(session: Session) -> int:
    return repository.count_rechecks(session, "open")


def calls_to_recheck(session: Session, call_ids: Collection[UUID]) -> set[UUID]:
    """Which of the calls an open recheck leads to."""
    return repository.calls_to_recheck(session, call_ids)


def resolve_recheck(
    session: Session, recheck_id: UUID, value: object, note: str, actor: UUID | None, clock: Clock
) -> ResolveResult:
    """Writes the staff's answer over the uncertain one and looks at the alert rules again.

    Args:
        session: The caller commits.
        recheck_id: Which.
        value: The right answer in JSON's types; None when it could not be found out.
        note: Free text, kept sealed.
        actor: Who found out.
        clock: Tells now.

    Raises:
        NotFound: There is no such recheck.
        Conflict: It is resolved already.
        Invalid: The value does not fit the item.
    """
    record = repository.find_recheck(session, recheck_id)
    if record is None:
        raise NotFound("没有找到这条复核", code="recheck_not_found")
    if record.status == "resolved":
        raise Conflict("这条复核已经处理过了", code="recheck_resolved")
    item = _item(session, record)
    given = _value(item, value)
    status = "skipped" if given is None else "accepted"
    answer = AnswerIn(link_id=record.link_id, value=given, words=note or None, source="staff", status=status)
    answering.record_answer(session, record.response_id, answer, clock)
    repository.close_recheck(session, recheck_id, actor, note, clock.now())
    audit.record(session, actor, "recheck.resolve", "recheck", recheck_id, "复核答案", clock)
    publish(session, "recheck.resolved", recheck_id, {"response_id": str(record.response_id)}, clock)
    view = answering.answers(session, record.response_id)
    hits = answering.raise_alerts(session, answering.questionnaire_of(session, view), view, clock)
    return ResolveResult(recheck_id=recheck_id, alert_hits=tuple(hits))


def _value(item: Item, raw: object) -> AnswerValue | None:
    """Staff's forms send numbers for both number types."""
    if raw is None:
        return None
    value = read_value(item, raw)
    if value is None:
        raise Invalid("这个答案的格式不对", code="answer_type", field="value")
    return value


def _item(session: Session, record: RecheckRecord) -> Item:
    view = answering.answers(session, record.response_id)
    item = answering.questionnaire_of(session, view).item(record.link_id)
    if item is None:
        raise NotFound("问卷里没有这道题了", code="recheck_item_missing")
    return item


def _view(session: Session, record: RecheckRecord) -> RecheckView:
    response = answering.answers(session, record.response_id)
    item = _item(session, record)
    answer = _revision_asked_about(session, record)
    patient = patients.get(session, record.patient_id)
    return RecheckView(
        id=record.id,
        patient_id=record.patient_id,
        patient_name=patient.name,
        record_number=patient.record_number,
        questionnaire_title=response.title,
        question=item.text_chat,
        item=RecheckItem.model_validate({name: getattr(item, name) for name in RecheckItem.model_fields}),
        words=answer.words,
        reading=answer.display,
        value=rules.json_value(answer.value),
        confidence=answer.confidence,
        reason=record.reason,
        level=record.level,
        status=record.status,
        response_id=record.response_id,
        call_id=record.call_id or response.call_id,
        created_at=record.created_at,
        resolved_at=record.resolved_at,
    )


def _revision_asked_about(session: Session, record: RecheckRecord) -> AnswerView:
    """The last uncertain revision, also after staff answered."""
    history = answering.answer_history(session, record.response_id, record.link_id)
    return next((one for one in reversed(history) if one.status == "uncertain"), history[-1])


def _after(cursor: str) -> tuple[int, UUID]:
    try:
        rank, last = decode_cursor(cursor)
        return int(str(rank)), UUID(str(last))
    except ValueError as error:
        raise Invalid("翻页位置无效，请从第一页重新查看", field="cursor") from error
