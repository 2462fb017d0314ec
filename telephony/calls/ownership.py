"""Whose a live call is, by its conversation's owner and epoch: the bot's, or one person's."""

from uuid import UUID

from sqlalchemy.orm import Session

from assistant import api as assistant
from core_api.kit.clock import Clock
from core_api.kit.errors import Conflict, NotFound

TOOK_OVER = "{name}接管了通话"
GAVE_BACK = "{name}把通话交回自动服务"
DIALLED = "{name}拨打电话"
LEFT = "工作人员离开，通话交回自动服务"


def take_over(session: Session, conversation_id: UUID, user_id: UUID, name: str, sentence: str, clock: Clock) -> bool:
    """Gives the call to a person; from here on no reply of the bot is kept.

    Args:
        session: The transaction.
        conversation_id: The call's.
        user_id: Who takes it.
        name: As colleagues read it, for the transcript.
        sentence: What the patient will hear.
        clock: Tells now.

    Returns:
        False if it was theirs already.

    Raises:
        Conflict: A colleague has it, or just took it.
        NotFound: The conversation has not begun.
    """
    now = assistant.conversation(session, conversation_id, lock=True)
    if now.owner_id == user_id:
        return False
    if now.owner_id is not None:
        raise Conflict("这通电话已由同事接管", code="taken_over")
    changed = assistant.take_over(session, conversation_id, user_id, now.epoch, clock)
    _note(session, conversation_id, TOOK_OVER.format(name=name), changed.epoch, clock)
    assistant.notice(session, conversation_id, sentence, clock, dedupe_key=f"person:{changed.epoch}")
    return True


def dial(session: Session, conversation_id: UUID, user_id: UUID, name: str, sentence: str, clock: Clock) -> None:
    """Gives a call to the person who dials it, before anybody is on the line; arguments as of `take_over`."""
    now = assistant.conversation(session, conversation_id, lock=True)
    changed = assistant.take_over(session, conversation_id, user_id, now.epoch, clock)
    _note(session, conversation_id, DIALLED.format(name=name), changed.epoch, clock)
    assistant.notice(session, conversation_id, sentence, clock, dedupe_key=f"person:{changed.epoch}")


def give_back(session: Session, conversation_id: UUID, user_id: UUID, name: str, sentence: str, clock: Clock) -> None:
    """Gives the call back to the bot.

    Raises:
        Conflict: It is not this person's.
    """
    now = assistant.conversation(session, conversation_id, lock=True)
    if now.owner_id != user_id:
        raise Conflict("这通电话现在不由您接听", code="epoch_changed")
    _hand_back(session, now, GAVE_BACK.format(name=name), sentence, clock)


def release(session: Session, conversation_id: UUID | None, sentence: str, clock: Clock) -> None:
    """Takes the call from whoever has it: their connection is gone, or the call is over (then without a sentence)."""
    try:
        now = assistant.conversation(session, conversation_id) if conversation_id else None
    except NotFound:
        return
    if now is not None and now.owner_id is not None and now.channel == "voice":
        _hand_back(session, now, LEFT if sentence else "", sentence, clock)


def _hand_back(session: Session, now: assistant.ConversationView, line: str, sentence: str, clock: Clock) -> None:
    changed = assistant.give_back(session, now.id, now.epoch, clock)
    if line:
        _note(session, now.id, line, changed.epoch, clock)
        assistant.notice(session, now.id, sentence, clock, dedupe_key=f"person:{changed.epoch}")


def _note(session: Session, conversation_id: UUID, text: str, epoch: int, clock: Clock) -> None:
    assistant.note(session, conversation_id, text, clock, f"owner:{epoch}")
