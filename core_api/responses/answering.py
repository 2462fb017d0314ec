"""Responses: opening, answering, finishing, with alerts and rechecks."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.alerts import service as alerts
from core_api.alerts.schemas import AlertIn
from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict, Invalid, NotFound
from core_api.kit.outbox import publish
from core_api.kit.paging import Page, decode_cursor, encode_cursor
from core_api.questionnaires import service as questionnaires
from core_api.questionnaires.rules import evaluate_alerts, read_value
from core_api.questionnaires.schemas import AlertHit, AnswerValue, Item, Questionnaire
from core_api.responses import repository, rules
from core_api.responses.models import ResponseRow
from core_api.responses.schemas import AnswerIn, AnswerView, FinishResult, RecheckOpened, ResponseView

SOURCE_KIND = "response"


def open_response(  # noqa: PLR0913 - the contract with dialogs and campaigns
    session: Session,
    task_id: UUID | None,
    patient_id: UUID,
    questionnaire_key: str,
    channel: str,
    clock: Clock,
    *,
    call_id: UUID | None = None,
) -> ResponseView:
    """Opens a response, or goes on with the task's unfinished one in the version it was begun with.

    Raises:
        NotFound: No version of the questionnaire is published.
    """
    open_key = f"{task_id}:{questionnaire_key}" if task_id else None
    row = repository.find_open(session, open_key) if open_key else None
    if row is None:
        questionnaire = questionnaires.published(session, questionnaire_key)
        row = ResponseRow(
            id=new_id(),
            patient_id=patient_id,
            task_id=task_id,
            open_key=open_key,
            questionnaire_key=questionnaire_key,
            version=questionnaire.version,
            started_at=clock.now(),
        )
    row.status, row.channel, row.call_id = "in_progress", channel, call_id or row.call_id
    repository.add(session, row)
    return _view(session, row)


def open_received(
    session: Session,
    patient_id: UUID,
    questionnaire: Questionnaire,
    task_id: UUID | None,
    source_key: str | None,
    clock: Clock,
) -> UUID:
    """Opens a response that another system sent, in the version it names."""
    row = ResponseRow(
        id=new_id(),
        patient_id=patient_id,
        task_id=task_id,
        source_key=source_key,
        questionnaire_key=questionnaire.key,
        version=questionnaire.version,
        status="in_progress",
        channel="fhir",
        started_at=clock.now(),
    )
    repository.add(session, row)
    return row.id


def unfinished(session: Session, task_id: UUID, questionnaire_key: str) -> ResponseView | None:
    """A task's response that was begun and not completed."""
    row = repository.find_open(session, f"{task_id}:{questionnaire_key}")
    return None if row is None else _view(session, row)


def answers(session: Session, response_id: UUID) -> ResponseView:
    """The response with the counting revision of each answer.

    Raises:
        NotFound: There is no such response.
    """
    return _view(session, _row(session, response_id))


def answer_history(session: Session, response_id: UUID, link_id: str) -> tuple[AnswerView, ...]:
    """Every revision of one answer, oldest first."""
    row = _row(session, response_id)
    return repository.answer_history(session, response_id, link_id, _questionnaire(session, row))


def of_patient(session: Session, patient_id: UUID, cursor: str | None = None, limit: int = 50) -> Page[ResponseView]:
    """A patient's responses, newest first."""
    before = _uuid(decode_cursor(cursor)) if cursor else None
    rows = repository.of_patient(session, patient_id, before, limit + 1)
    more = encode_cursor(str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page(items=[_view(session, row) for row in rows[:limit]], next_cursor=more)


def latest_values(session: Session, patient_id: UUID, questionnaire_key: str) -> dict[str, AnswerValue]:
    """Accepted values of the patient's newest completed response; empty when there is none."""
    row = repository.newest_completed(session, patient_id, questionnaire_key)
    return {} if row is None else _view(session, row).values


def record_answer(session: Session, response_id: UUID, answer: AnswerIn, clock: Clock) -> None:
    """Keeps an answer as the newest revision; the same answer again changes nothing.

    Raises:
        NotFound: There is no such response.
        Invalid: The questionnaire has no such item, or the value does not fit it.
        Conflict: The response is completed and the answer is not from staff.
    """
    row = _row(session, response_id, lock=True)
    if row.status == "completed" and answer.source != "staff":
        raise Conflict("这份答卷已经完成，不能再改", code="response_completed")
    questionnaire = _questionnaire(session, row)
    item = _item(questionnaire, answer.link_id)
    problem = rules.answer_problem(item, answer)
    if problem is not None:
        raise Invalid(problem.message, code=f"answer_{problem.code}", field=answer.link_id)
    value = None if answer.status in {"refused", "skipped"} else read_value(item, answer.value)
    kept = {one.link_id: one for one in repository.current_answers(session, row, questionnaire)}
    if not _same(kept.get(answer.link_id), answer, value):
        repository.add_answer(session, response_id, answer, rules.to_text(value), clock.now())


def finish(session: Session, response_id: UUID, completed: bool, clock: Clock) -> FinishResult:
    """Closes a response for now (`stopped`) or for good, raises its alerts and opens its rechecks.

    Alerts count also when the call broke off. Doing it again changes nothing, and what is completed stays so.

    Raises:
        NotFound: There is no such response.
    """
    row = _row(session, response_id, lock=True)
    questionnaire = _questionnaire(session, row)
    if row.status != "completed":
        repository.set_status(session, row, "completed" if completed else "stopped", clock.now())
    view = _view(session, row)
    hits = raise_alerts(session, questionnaire, view, clock)
    opened = _open_rechecks(session, questionnaire, view, clock)
    return FinishResult(response_id=response_id, status=view.status, alert_hits=tuple(hits), rechecks=tuple(opened))


def raise_alerts(
    session: Session, questionnaire: Questionnaire, view: ResponseView, clock: Clock
) -> Sequence[AlertHit]:
    """Raises what the accepted answers call for; a rule alarms once per response."""
    hits = evaluate_alerts(questionnaire, view.values)
    for hit in hits:
        alert = AlertIn(
            patient_id=view.patient_id,
            level=hit.level,
            rule_key=hit.rule_key,
            text=hit.text,
            source_kind=SOURCE_KIND,
            source_id=view.id,
            response_id=view.id,
            call_id=view.call_id,
        )
        alerts.raise_alert(session, alert, clock)
    return hits


def questionnaire_of(session: Session, view: ResponseView) -> Questionnaire:
    """The version that a response was begun with."""
    return questionnaires.get(session, view.questionnaire_key, view.version)


def _open_rechecks(session: Session, questionnaire: Questionnaire, view: ResponseView, clock: Clock) -> list[UUID]:
    opened = []
    for answer in rules.uncertain(view.answers):
        known = repository.recheck_of(session, view.id, answer.link_id)
        if known is not None:
            opened.append(known.id)
            continue
        recheck = RecheckOpened(
            response_id=view.id,
            patient_id=view.patient_id,
            call_id=view.call_id,
            link_id=answer.link_id,
            reason=rules.recheck_reason(answer),
            level=rules.hidden_level(questionnaire, view.values, answer),
        )
        recheck_id = repository.add_recheck(session, recheck, clock.now())
        publish(session, "recheck.opened", recheck_id, {"response_id": str(view.id)}, clock)
        opened.append(recheck_id)
    return opened


def _same(kept: AnswerView | None, given: AnswerIn, value: AnswerValue | None) -> bool:
    return kept is not None and (kept.value, kept.words, kept.status, kept.source, kept.confidence) == (
        value,
        given.words,
        given.status,
        given.source,
        given.confidence,
    )


def _row(session: Session, response_id: UUID, *, lock: bool = False) -> ResponseRow:
    row = repository.find(session, response_id, lock=lock)
    if row is None:
        raise NotFound("没有找到这份答卷", code="response_not_found")
    return row


def _questionnaire(session: Session, row: ResponseRow) -> Questionnaire:
    return questionnaires.get(session, row.questionnaire_key, row.version)


def _item(questionnaire: Questionnaire, link_id: str) -> Item:
    item = questionnaire.item(link_id)
    if item is None:
        raise Invalid(f"问卷里没有题目“{link_id}”", code="answer_unknown_item", field="link_id")
    return item


def _view(session: Session, row: ResponseRow) -> ResponseView:
    questionnaire = _questionnaire(session, row)
    return repository.to_view(row, questionnaire, repository.current_answers(session, row, questionnaire))


def _uuid(values: Sequence[object]) -> UUID:
    try:
        return UUID(str(values[0]))
    except (ValueError, IndexError) as error:
        raise Invalid("翻页位置无效，请从第一页重新查看", field="cursor") from error
