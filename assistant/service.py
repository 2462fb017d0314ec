"""The one funnel for every channel: dedupe, persist, safety gate, owner, dialogue, reply."""

import time
from uuid import UUID

from sqlalchemy.orm import Session

from assistant import repository, safety
from assistant.models import ConversationRow
from assistant.repository import NewMessage
from assistant.safety import RedFlag
from assistant.schemas import AssistantRuntime, ConversationView, Inbound, MessageView
from core_api.alerts import service as alerts
from core_api.alerts.schemas import AlertIn
from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.errors import NotFound
from core_api.kit.outbox import publish
from dialogs import api as dialogs
from dialogs.api import Reply, Turn

SAFETY_SENTENCE = "您说的情况需要重视，请尽快联系医生或者到医院看。如果加重，请立即就医或拨打一二零。"
SILENT = Reply(text="", expects="none")
SOURCE_KIND = "conversation"


def open_conversation(
    session: Session,
    channel: str,
    patient_id: UUID | None,
    subject: str,
    clock: Clock,
    *,
    conversation_id: UUID | None = None,
) -> UUID:
    """Opens a conversation owned by the bot; with an id that is known already, returns that one."""
    if conversation_id and repository.conversation(session, conversation_id):
        return conversation_id
    row = ConversationRow(
        id=conversation_id or new_id(), channel=channel, patient_id=patient_id, subject=subject, created_at=clock.now()
    )
    repository.add_conversation(session, row)
    return row.id


def say(session: Session, conversation_id: UUID, reply: Reply, clock: Clock, dedupe_key: str = "opening") -> None:
    """Keeps a line of the bot that answers no message, such as the opening; once per dedupe key."""
    if repository.has_message(session, conversation_id, dedupe_key):
        return
    _keep_reply(session, conversation_id, dedupe_key, reply, clock, None)


def receive(runtime: AssistantRuntime, inbound: Inbound) -> Reply:
    """Takes a patient's message and returns the reply.

    The same message id again returns the same reply. The reply is kept only if nobody took the conversation over
    meanwhile; taken over, nothing is said.

    Raises:
        NotFound: There is no such conversation.
    """
    started = time.monotonic()
    reply_key = f"reply:{inbound.message_id}"
    with runtime.sessions.begin() as session:
        conversation = _conversation(session, inbound.conversation_id)
        known = repository.kept_reply(session, conversation.id, reply_key)
        if known is not None:
            return Reply.model_validate_json(known)
        flag = _keep_inbound(session, conversation, inbound, runtime.clock)
    if conversation.owner_id is not None:
        return SILENT
    reply = _with_safety(
        dialogs.respond(runtime.sessions, _turn(inbound), runtime.engine, runtime.clock, runtime.zone), flag
    )
    latency_ms = round((time.monotonic() - started) * 1000)
    with runtime.sessions.begin() as session:
        now = repository.conversation(session, conversation.id, lock=True)
        if now is None or now.epoch != conversation.epoch:
            return SILENT
        _keep_reply(session, conversation.id, reply_key, reply, runtime.clock, latency_ms)
    return reply


def _turn(inbound: Inbound) -> Turn:
    return Turn(
        conversation_id=inbound.conversation_id,
        turn_id=inbound.message_id,
        text=inbound.text,
        key=inbound.key,
        event=inbound.event,
        confidence=inbound.confidence,
    )


def _keep_inbound(session: Session, conversation: ConversationView, inbound: Inbound, clock: Clock) -> RedFlag | None:
    """Keeps what came, and raises a red flag at once, in the same transaction and whoever owns the conversation."""
    flag = safety.check(inbound.text)
    if repository.has_message(session, conversation.id, inbound.message_id):
        return flag
    spoken = inbound.text is not None or inbound.key is not None
    message = NewMessage(
        conversation_id=conversation.id,
        dedupe_key=inbound.message_id,
        sender="patient",
        text=inbound.text or "",
        at=clock.now(),
        key=inbound.key,
        source=inbound.event or inbound.transcript_source,
    )
    message_id = repository.add_message(session, message)
    if spoken:
        _announce(session, conversation.id, message_id, "patient")
    if flag is not None and conversation.patient_id is not None:
        _raise_flag(session, conversation.patient_id, message_id, flag, clock)
    return flag


def _raise_flag(session: Session, patient_id: UUID, message_id: UUID, flag: RedFlag, clock: Clock) -> None:
    alert = AlertIn(
        patient_id=patient_id,
        level="red",
        rule_key=flag.rule_key,
        text=flag.text,
        source_kind="message",
        source_id=message_id,
    )
    alerts.raise_alert(session, alert, clock)


def _with_safety(reply: Reply, flag: RedFlag | None) -> Reply:
    """Tells the patient what to do now, before anything else, unless the reply says it already."""
    if flag is None or SAFETY_SENTENCE in reply.text:
        return reply
    segments = (SAFETY_SENTENCE, *reply.segments)
    return reply.model_copy(update={"text": SAFETY_SENTENCE + reply.text, "segments": segments})


def _keep_reply(
    session: Session, conversation_id: UUID, dedupe_key: str, reply: Reply, clock: Clock, latency_ms: int | None
) -> None:
    message = NewMessage(
        conversation_id=conversation_id,
        dedupe_key=dedupe_key,
        sender="bot",
        text=reply.text,
        at=clock.now(),
        latency_ms=latency_ms,
        understanding=reply.understanding,
        reply=reply.model_dump_json(),
    )
    if repository.has_message(session, conversation_id, dedupe_key):
        return
    message_id = repository.add_message(session, message)
    if reply.text:
        _announce(session, conversation_id, message_id, "bot")


def _announce(session: Session, conversation_id: UUID, message_id: UUID, sender: str) -> None:
    data = {"conversation_id": str(conversation_id), "message_id": str(message_id), "sender": sender}
    publish(session, "message.added", conversation_id, data)


def messages(session: Session, conversation_id: UUID) -> list[MessageView]:
    """All messages of a conversation in order; silence and unspoken replies are left out."""
    return [one for one in repository.messages(session, conversation_id) if one.text or one.key]


def take_over(session: Session, conversation_id: UUID, owner_id: UUID) -> ConversationView:
    """Gives a conversation to a person: the bot falls silent, also in a reply it is just making."""
    _conversation(session, conversation_id)
    repository.set_owner(session, conversation_id, owner_id)
    return _conversation(session, conversation_id)


def give_back(session: Session, conversation_id: UUID) -> ConversationView:
    """Gives a conversation back to the bot."""
    _conversation(session, conversation_id)
    repository.set_owner(session, conversation_id, None)
    return _conversation(session, conversation_id)


def conversation(session: Session, conversation_id: UUID) -> ConversationView:
    """A conversation.

    Raises:
        NotFound: There is none.
    """
    return _conversation(session, conversation_id)


def _conversation(session: Session, conversation_id: UUID) -> ConversationView:
    found = repository.conversation(session, conversation_id)
    if found is None:
        raise NotFound("没有找到这通会话", code="conversation_not_found")
    return found
