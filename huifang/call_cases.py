"""What a call's dialogue asks of people becomes a case at the desk, with the call and so its transcript."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy.orm import Session

from assistant import api as assistant
from core_api.kit.clock import Clock
from dialogs.api import TRIAL, Reply
from telephony import api as telephony
from telephony.api import ConversationSpec

OPEN_CASE = "open_case"
SOURCE = "call"


class Asked(NamedTuple):
    """A case by what the dialogue gave as reason."""

    kind: str
    urgency: str
    text: str


CASES: Mapping[str, Asked] = {
    "wants_person": Asked("handoff", "high", "电话中要求转人工"),
    "bot_unavailable": Asked("handoff", "high", "电话中自动服务不可用"),
    "complaint": Asked("other", "high", "电话中提出投诉"),
    "service_question": Asked("unanswered", "normal", "电话中的服务问题未能解答"),
    "advice": Asked("advice", "normal", "电话中的问题涉及病情或用药，需要医生回答"),
    "message_left": Asked("voicemail", "normal", "来电留言，请听录音后回电"),
    "message_broken": Asked("voicemail", "high", "来电留言时通话中断，请听录音后回电"),
    "message_lost": Asked("voicemail", "high", "来电者要留言，但没有录下，请回电"),
}
OTHER = Asked("other", "normal", "电话中需要人工处理")


def open_cases(session: Session, spec: ConversationSpec, reply: Reply, clock: Clock) -> int:
    """Opens the cases that a reply asks for, each once per call and reason; tells how many it asked for."""
    if spec.purpose == TRIAL:
        return 0
    reasons = [str(action.data.get("reason", "")) for action in reply.actions if action.kind == OPEN_CASE]
    for reason in reasons:
        open_reason(session, spec, reason, clock)
    return len(reasons)


def open_promised(session: Session, spec: ConversationSpec, clock: Clock) -> None:
    """Opens what the replies of a call that is over asked for, should its process have died before it could."""
    for line in assistant.messages(session, spec.conversation_id):
        if line.reply:
            open_cases(session, spec, Reply.model_validate_json(line.reply), clock)


def open_reason(session: Session, spec: ConversationSpec, reason: str, clock: Clock) -> None:
    """Opens the case of one reason, once per call."""
    asked = CASES.get(reason, OTHER)
    call = telephony.call_of_conversation(session, spec.conversation_id)
    new = assistant.CaseIn.model_validate(
        {
            "conversation_id": spec.conversation_id,
            "patient_id": spec.patient_id or (call.patient_id if call else None),
            "kind": asked.kind,
            "urgency": asked.urgency,
            "reason_text": asked.text,
            "department": spec.department,
            "source_kind": SOURCE,
            "source_id": f"{spec.conversation_id}:{reason}"[:80],
            "call_id": call.id if call else None,
        }
    )
    assistant.open_case(session, new, clock)
