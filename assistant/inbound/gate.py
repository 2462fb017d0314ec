"""The safety gate: every message of a patient, whoever owns the conversation, before any model."""

from uuid import UUID

from sqlalchemy.orm import Session

from assistant.conversations import service as conversations
from assistant.conversations.schemas import ConversationView
from assistant.safety import service as safety
from assistant.safety.service import Screened
from core_api.kit.clock import Clock
from dialogs.api import TRIAL


def screen(
    session: Session, conversation: ConversationView, message_id: UUID, text: str | None, clock: Clock
) -> str | None:
    """Opens what a red flag asks for, in the transaction that keeps the message; returns what to tell the patient.

    In a trial, in which staff try a script, nothing is opened.
    While a person owns the conversation the wording is written here, at once; else it leads the bot's reply.
    """
    if conversation.subject == TRIAL:
        return wording_of(session, conversation, message_id, text, clock)
    flags = safety.screen(session, _screened(conversation, message_id, text), clock)
    wording = safety.wording(flags, conversation.channel)
    if wording is None:
        return None
    conversations.hand_over(session, conversation.id, clock)
    if conversation.owner_id is not None:
        conversations.notice(session, conversation.id, wording, clock, dedupe_key=f"safety:{message_id}")
    return wording


def wording_of(
    session: Session, conversation: ConversationView, message_id: UUID, text: str | None, clock: Clock
) -> str | None:
    """What a message that was screened before tells the patient."""
    flags = safety.recheck(session, _screened(conversation, message_id, text), clock)
    return safety.wording(flags, conversation.channel)


def _screened(conversation: ConversationView, message_id: UUID, text: str | None) -> Screened:
    return Screened(
        conversation_id=conversation.id,
        message_id=message_id,
        patient_id=conversation.patient_id,
        channel=conversation.channel,
        text=text,
        department=conversation.department,
    )
