"""What somebody who takes a conversation over should know first, and the answers that may fit."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.conversations import service as conversations
from assistant.conversations.schemas import ConversationView, MessageView
from assistant.desk.calendar.service import zone_of
from assistant.desk.cases import service as cases
from assistant.desk.inbox import views
from assistant.desk.inbox.schemas import Handover, Suggestion, Summary
from core_api.audit import service as audit
from core_api.kit.clock import Clock
from core_api.kit.web import CurrentUser
from core_api.patients import service as patients
from core_api.treatments import service as treatments
from knowledge import api as knowledge

MAX_ASKED = 5
SHORT_CHARS = 60
TRANSCRIPT = 200
EVENTS = {
    "transfer": "胚胎移植",
    "pregnancy_confirmed": "确认妊娠",
    "insemination": "人工授精",
    "transplant_kidney": "肾移植",
    "transplant_liver": "肝移植",
    "waiting_listed": "登记等待移植",
    "delivery": "分娩",
}


def handover(session: Session, conversation_id: UUID, user: CurrentUser, clock: Clock) -> Handover:
    """A summary and the transcript; reading it is audited."""
    now = conversations.conversation(session, conversation_id)
    said = conversations.page(session, conversation_id, limit=TRANSCRIPT)
    audit.record(session, user.id, "conversation.read", "conversation", conversation_id, "查看交接摘要", clock)
    return Handover(summary=_summary(session, now, said, clock), transcript=views.message_views(session, said))


def suggestions(session: Session, conversation_id: UUID, text: str | None, clock: Clock) -> list[Suggestion]:
    """Approved answers to a text, or to what the patient wrote last; nothing is kept."""
    asked = text or _last_words(conversations.page(session, conversation_id))
    found = knowledge.suggest(session, asked, clock) if asked else ()
    return [
        Suggestion(
            entry_id=str(one.entry_id),
            question=one.question,
            text=one.text_chat,
            score=one.score,
            answer_class=one.answer_class,
        )
        for one in found
    ]


def _summary(session: Session, now: ConversationView, said: Sequence[MessageView], clock: Clock) -> Summary:
    found = [one for one in cases.of_conversation(session, now.id) if one.status == "open"]
    flags = cases.flags_of(session, [one.id for one in found])
    asked = [one.text[:SHORT_CHARS] for one in said if one.sender == "patient" and one.text]
    waiting = None if now.waiting_since is None else round((clock.now() - now.waiting_since).total_seconds())
    return Summary(
        reason=found[0].reason_text if found else None,
        asked=asked[-MAX_ASKED:],
        answered_by_bot=sum(one.sender == "bot" for one in said),
        facts=_facts(session, now.patient_id, clock) if now.patient_id else [],
        waiting_seconds=waiting,
        red_flags=list(dict.fromkeys(flag.title for flag in flags)),
    )


def _facts(session: Session, patient_id: UUID, clock: Clock) -> list[str]:
    line = patients.lines(session, [patient_id]).get(patient_id)
    found = [text for text in (line.department, line.stage) if text] if line else []
    today = clock.now().astimezone(zone_of(session)).date()
    return [*found, *(_event(event.kind, event.occurred_on, today) for event in treatments.events(session, patient_id))]


def _event(kind: str, on: date, today: date) -> str:
    days = (today - on).days
    since = f"{days} 天前" if days > 0 else "今天" if days == 0 else f"{-days} 天后"
    return f"{EVENTS.get(kind, kind)} {on:%Y-%m-%d}（{since}）"


def _last_words(said: Sequence[MessageView]) -> str | None:
    return next((one.text for one in reversed(said) if one.sender == "patient" and one.text), None)
