"""Carries out what a reply asks for besides its words: calling people."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.conversations import service as conversations
from assistant.conversations.schemas import ConversationView
from assistant.desk import service as desk
from assistant.desk.cases.schemas import CaseIn, Urgency
from assistant.desk.queues.schemas import CaseKind
from core_api.kit.clock import Clock
from dialogs.api import Action

VOICE = "voice"
SOURCE = "message"


@dataclass(frozen=True)
class Reason:
    """Why people are called, in the words that they read."""

    kind: CaseKind
    text: str
    urgency: Urgency = "normal"


REASONS = {
    "wants_person": Reason("handoff", "患者要求转人工"),
    "unanswered": Reason("unanswered", "自动客服两次没能回答"),
    "service_question": Reason("unanswered", "问卷中提出的问题没能回答"),
    "bot_unavailable": Reason("handoff", "自动服务暂时不可用", "high"),
    "not_solved": Reason("unanswered", "患者认为自动回答没有解决问题"),
    "advice": Reason("advice", "问题涉及病情或用药，需要医生回答"),
    "complaint": Reason("other", "患者表示不满或投诉", "high"),
    "engine_failed": Reason("other", "自动回复暂时不可用", "high"),
}
OTHER = Reason("other", "需要人工跟进")


def carry_out(
    session: Session, conversation: ConversationView, message_id: UUID, actions: Iterable[Action], clock: Clock
) -> None:
    """Opens a case, once per message and kind, and lets the conversation wait.

    Out of hours the patient is told when somebody will answer. A call's cases are opened where the call is known.
    """
    if conversation.channel == VOICE:
        return
    wanted = [str(action.data.get("reason", "")) for action in actions if action.kind == "open_case"]
    for reason in wanted:
        desk.open_case(session, _case(conversation, message_id, REASONS.get(reason, OTHER)), clock)
    if not wanted:
        return
    conversations.hand_over(session, conversation.id, clock)
    closed = desk.notice(session, conversation.department, clock)
    if closed and conversation.owner_id is None:
        conversations.notice(session, conversation.id, closed, clock, dedupe_key=f"closed:{message_id}")


def _case(conversation: ConversationView, message_id: UUID, reason: Reason) -> CaseIn:
    return CaseIn(
        conversation_id=conversation.id,
        patient_id=conversation.patient_id,
        kind=reason.kind,
        department=conversation.department or "",
        urgency=reason.urgency,
        reason_text=reason.text,
        source_kind=SOURCE,
        source_id=message_id,
    )
