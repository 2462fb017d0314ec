"""What patients think of answers."""

from uuid import UUID

from sqlalchemy.orm import Session

from assistant.conversations import service as conversations
from assistant.desk.satisfaction import service as satisfaction
from assistant.inbound import handing
from assistant.inbound.schemas import AssistantRuntime
from core_api.kit.clock import Clock
from core_api.kit.errors import Invalid
from dialogs.api import Action, Reply

THANKS = "感谢您的评价，祝您健康。"
NOT_SOLVED = "抱歉没能帮到您。这个问题已转给随访医生，24 小时内回复您。"
NOT_SOLVED_ACTION = Action(kind="open_case", data={"reason": "not_solved"})


def rate_service(session: Session, conversation_id: UUID, score: int, word: str | None, clock: Clock) -> None:
    """Keeps how the patient found the service, and thanks.

    Raises:
        Conflict: Nobody has asked.
    """
    satisfaction.rate(session, conversation_id, score, word, clock)
    now = conversations.conversation(session, conversation_id)
    key = f"thanks:{now.resolved_at.isoformat() if now.resolved_at else now.last_seq}"
    conversations.notice(session, conversation_id, THANKS, clock, dedupe_key=key)


def rate(
    session: Session,
    runtime: AssistantRuntime,
    conversation_id: UUID,
    message_id: UUID,
    *,
    useful: bool,
    word: str | None,
) -> None:
    """Keeps the rating where the answer was given; the first "useless" calls a follow-up doctor.

    Raises:
        NotFound: The conversation has no such message.
        Invalid: It is no answer from the knowledge base.
    """
    kept = conversations.message(session, conversation_id, message_id)
    answer = Reply.model_validate_json(kept.reply).answer if kept.reply else None
    if answer is None:
        raise Invalid("只能评价自动回答", code="not_rateable")
    conversations.set_useful(session, message_id, useful)
    if answer.given_id is not None:
        runtime.answers.rate(session, answer.given_id, useful, word, runtime.clock)
    if useful or kept.useful is False:
        return
    now = conversations.conversation(session, conversation_id, lock=True)
    handing.carry_out(session, now, message_id, (NOT_SOLVED_ACTION,), runtime.clock)
    if now.owner_id is None:
        conversations.notice(session, now.id, NOT_SOLVED, runtime.clock, dedupe_key=f"not_solved:{message_id}")
