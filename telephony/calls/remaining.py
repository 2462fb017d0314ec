"""What a live call has yet to ask, by the answers so far; a trial's answers."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from core_api.kit.errors import NotFound
from core_api.questionnaires import service as questionnaires
from core_api.questionnaires.rules import open_items, read_value, value_label
from core_api.questionnaires.schemas import Item
from core_api.responses import service as responses
from core_api.responses.schemas import AnswerIn, AnswerView, skipped_of, values_of
from dialogs import api as dialogs
from telephony.calls.schemas import CallSnapshot, JsonObject, OpenItem


def of(session: Session, call: CallSnapshot) -> list[OpenItem]:
    """The questions that are left, in order; nothing once the call is over or where it follows no questionnaire."""
    spec = call.conversation
    if call.ended_at is not None or spec.questionnaire_key is None or spec.questionnaire_version is None:
        return []
    given: Sequence[AnswerIn | AnswerView]
    try:
        script = questionnaires.get(session, spec.questionnaire_key, spec.questionnaire_version)
        given = responses.answers(session, spec.response_id).answers if spec.response_id else ()
    except NotFound:
        return []
    given = given or dialogs.tried(session, spec.conversation_id)
    asked = dialogs.asked_item(session, spec.conversation_id)
    return [
        OpenItem(link_id=item.link_id, text=item.text_voice, current=item.link_id == asked)
        for item in open_items(script, values_of(given), skipped_of(given))
        if item.type != "display"
    ]


def tried(session: Session, call: CallSnapshot) -> list[JsonObject]:
    """The answers of a trial, as a response's are shown; they belong to no patient and are kept nowhere else."""
    spec = call.conversation
    answers = dialogs.tried(session, spec.conversation_id)
    if not answers or spec.questionnaire_key is None or spec.questionnaire_version is None:
        return []
    script = questionnaires.get(session, spec.questionnaire_key, spec.questionnaire_version)
    return [_shown(script.item(answer.link_id), answer) for answer in answers]


def _shown(item: Item | None, answer: AnswerIn) -> JsonObject:
    value = read_value(item, answer.value) if item else None
    shown = {"question": item.text_chat if item else "", "display": value_label(item, value) if item else ""}
    return answer.model_dump(mode="json") | shown | {"revision": 1}
