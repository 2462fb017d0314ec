"""Answers that staff enter: asked by telephone or face to face, or read from another hospital's report."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.errors import Invalid
from core_api.questionnaires.rules import next_item, read_value
from core_api.questionnaires.schemas import AnswerValue, Questionnaire
from core_api.responses import answering
from core_api.responses.schemas import AnswerIn, FinishResult, StaffAnswer


def fill(session: Session, response_id: UUID, given: Sequence[StaffAnswer], clock: Clock) -> FinishResult:
    """Keeps staff's answers and completes the response; what nobody answered is kept as skipped.

    Raises:
        NotFound: There is no such response.
        Invalid: An item is unknown or named twice, or a value does not fit it; `field` names the item.
    """
    view = answering.answers(session, response_id)
    questionnaire = answering.questionnaire_of(session, view)
    for one in given:
        answering.record_answer(session, response_id, _answer(questionnaire, one), clock)
    if len({one.link_id for one in given}) < len(given):
        raise Invalid("同一道题填写了两次", code="answer_twice", field="answers")
    _skip_the_rest(session, response_id, questionnaire, clock)
    return answering.finish(session, response_id, completed=True, clock=clock)


def _answer(questionnaire: Questionnaire, given: StaffAnswer) -> AnswerIn:
    item = questionnaire.item(given.link_id)
    value = read_value(item, given.value) if item and given.value is not None else None
    status = "skipped" if given.value is None else "accepted"
    return AnswerIn(link_id=given.link_id, value=value, source="staff", status=status)


def _skip_the_rest(session: Session, response_id: UUID, questionnaire: Questionnaire, clock: Clock) -> None:
    view = answering.answers(session, response_id)
    values: Mapping[str, AnswerValue] = view.values
    done = set(view.skipped)
    while (item := next_item(questionnaire, values, done)) is not None:
        done.add(item.link_id)
        if item.type != "display":
            skipped = AnswerIn(link_id=item.link_id, source="staff", status="skipped")
            answering.record_answer(session, response_id, skipped, clock)
