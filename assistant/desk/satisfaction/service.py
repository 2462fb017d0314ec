"""The question at a conversation's end: one to five, with an optional word."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.conversations import service as conversations
from assistant.desk.calendar.schemas import Frozen
from assistant.desk.satisfaction import repository
from core_api.kit.clock import Clock
from core_api.kit.errors import Conflict, Invalid
from core_api.kit.outbox import publish

QUESTION = "请为本次服务打分：5 很满意，4 满意，3 一般，2 不满意，1 很不满意。您也可以写下意见。"
WORST, BEST = 1, 5
MAX_WORD_CHARS = 500


class Satisfaction(Frozen):
    score: int
    word: str | None
    at: datetime


def ask(session: Session, conversation_id: UUID, owner_id: UUID | None, clock: Clock) -> None:
    """Asks the patient once per ending; a question that is still open is not asked again."""
    if asked(session, conversation_id):
        return
    repository.add(session, conversation_id, owner_id, clock.now())
    question = repository.last(session, conversation_id)
    key = f"satisfaction:{question.id if question else conversation_id}"
    conversations.notice(session, conversation_id, QUESTION, clock, dedupe_key=key, kind="satisfaction")


def asked(session: Session, conversation_id: UUID) -> bool:
    """Whether a question waits for the patient's answer."""
    found = repository.last(session, conversation_id)
    return found is not None and found.score is None


def rate(session: Session, conversation_id: UUID, score: int, word: str | None, clock: Clock) -> Satisfaction:
    """Keeps the patient's answer to the last question; a second answer replaces the first.

    Raises:
        Conflict: Nobody has asked.
        Invalid: Not a score, or too long.
    """
    if not WORST <= score <= BEST:
        raise Invalid("请选择 1 到 5 分", field="score")
    if word is not None and len(word) > MAX_WORD_CHARS:
        raise Invalid(f"意见最多 {MAX_WORD_CHARS} 个字", field="word")
    found = repository.last(session, conversation_id)
    if found is None:
        raise Conflict("这次会话还没有邀请评价", code="not_asked")
    kept = (word or "").strip() or None
    repository.rate(session, found.id, score, kept, clock.now())
    data = {"conversation_id": str(conversation_id), "score": score}
    publish(session, "satisfaction.rated", None, data, clock)
    return Satisfaction(score=score, word=kept, at=clock.now())


def rating(session: Session, conversation_id: UUID) -> Satisfaction | None:
    """What the patient said last, if they did."""
    found = repository.last(session, conversation_id)
    if found is None or found.score is None or found.rated_at is None:
        return None
    return Satisfaction(score=found.score, word=found.word, at=found.rated_at)
