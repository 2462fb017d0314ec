"""The safety gate: every message of a patient, whoever owns the conversation, before any model."""

import re
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.conversations import service as conversations
from assistant.conversations.schemas import ConversationView, Frozen, Kept
from assistant.safety import service as safety
from assistant.safety.service import Screened
from core_api.kit.clock import Clock
from dialogs.api import TRIAL

ANSWER = re.compile(r"[,，。\s]*(?:(?P<so>是的?|是[啊呀]|对的?|对[啊呀]|没错|嗯+|有)|不是的?|否)[了,，。.!！\s]*")
"""Plainly yes or no. 没有 may mean that there are no movements, 好的 may mean the answer behind: neither is one."""


class Told(Frozen):
    """What the gate has the patient told.

    Attributes:
        wording: Of a red flag: at once, alone.
        question: Of a suspicion: before the answer.
        settled: The whole answer to a patient who denies a suspicion.
    """

    wording: str | None = None
    question: str | None = None
    settled: str | None = None


NOTHING = Told()


def screen(
    session: Session, conversation: ConversationView, kept: Kept, text: str | None, clock: Clock, *, asks: bool
) -> Told:
    """Opens what a message asks for, in the transaction that keeps it.

    In a trial, in which staff try a script, nothing is opened. While a person owns the conversation the wording of a
    red flag is written here, at once, and nothing is suspected; else it leads the bot's reply.

    Args:
        session: Of the caller.
        conversation: Where it was written.
        kept: The message.
        text: What it says.
        clock: Now.
        asks: Whether a question to the patient would be theirs to answer, and not lost in a questionnaire or a call.
    """
    if conversation.subject == TRIAL:
        return told_before(session, conversation, kept, text, clock, asks=False)
    message = _screened(conversation, kept.id, text)
    flags = safety.screen(session, message, clock)
    if not flags and asks:
        answered = _answered(session, message, kept.seq)
        if answered is not None:
            family, so = answered
            if not so:
                return Told(settled=safety.DENIED)
            flags = safety.confirm(session, message, family, clock)
    wording = safety.wording(flags, conversation.channel)
    if wording is None:
        return NOTHING if conversation.owner_id is not None else _doubted(session, conversation, message, clock, asks)
    conversations.hand_over(session, conversation.id, clock)
    if conversation.owner_id is not None:
        conversations.notice(session, conversation.id, wording, clock, dedupe_key=f"safety:{kept.id}")
    return Told(wording=wording)


def told_before(
    session: Session, conversation: ConversationView, kept: Kept, text: str | None, clock: Clock, *, asks: bool
) -> Told:
    """What a message that was screened before has the patient told; opens nothing."""
    message = _screened(conversation, kept.id, text)
    wording = safety.wording(safety.recheck(session, message, clock), conversation.channel)
    if wording is not None or not asks:
        return Told(wording=wording)
    answered = _answered(session, message, kept.seq)
    if answered is not None:
        family, so = answered
        confirmed = safety.wording(safety.stated(session, message, family), conversation.channel) if so else None
        return Told(wording=confirmed, settled=None if so else safety.DENIED)
    found = safety.redoubt(session, message, clock)
    return Told(question=safety.asking(found) if found else None)


def _doubted(session: Session, conversation: ConversationView, message: Screened, clock: Clock, asks: bool) -> Told:
    found = safety.doubt(session, message, clock, asks=asks)
    if found is None:
        return NOTHING
    conversations.hand_over(session, conversation.id, clock)
    return Told(question=safety.asking(found) if asks else None)


def _answered(session: Session, message: Screened, seq: int) -> tuple[str, bool] | None:
    """The family that the patient was asked about, and whether they say that it is so; None where nothing was."""
    said = ANSWER.fullmatch(message.text or "")
    if said is None:
        return None
    family = safety.asked_about(session, message, seq)
    return None if family is None else (family, said["so"] is not None)


def _screened(conversation: ConversationView, message_id: UUID, text: str | None) -> Screened:
    return Screened(
        conversation_id=conversation.id,
        message_id=message_id,
        patient_id=conversation.patient_id,
        channel=conversation.channel,
        text=text,
        department=conversation.department,
    )
