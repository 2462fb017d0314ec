"""What a live call has yet to ask, by the answers so far."""

from sqlalchemy.orm import Session

from core_api.kit.errors import NotFound
from core_api.questionnaires import service as questionnaires
from core_api.questionnaires.rules import open_items
from core_api.responses import service as responses
from dialogs import api as dialogs
from telephony.calls.schemas import CallSnapshot, OpenItem


def of(session: Session, call: CallSnapshot) -> list[OpenItem]:
    """The questions that are left, in order; nothing once the call is over or where it follows no questionnaire."""
    spec = call.conversation
    if call.ended_at is not None or spec.questionnaire_key is None or spec.questionnaire_version is None:
        return []
    try:
        script = questionnaires.get(session, spec.questionnaire_key, spec.questionnaire_version)
        given = responses.answers(session, spec.response_id) if spec.response_id else None
    except NotFound:
        return []
    asked = dialogs.asked_item(session, spec.conversation_id)
    return [
        OpenItem(link_id=item.link_id, text=item.text_voice, current=item.link_id == asked)
        for item in open_items(script, given.values if given else {}, given.skipped if given else frozenset())
        if item.type != "display"
    ]
