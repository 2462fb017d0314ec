"""Who owns a conversation and where it stands.

Whoever changes the owner names the epoch that they saw; of two at once one is refused.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.conversations import repository, rules
from assistant.conversations.schemas import ConversationView, Standing, Status
from core_api.kit.clock import Clock
from core_api.kit.errors import Conflict, Invalid, NotFound
from core_api.kit.outbox import publish


def conversation(session: Session, conversation_id: UUID, *, lock: bool = False) -> ConversationView:
    """A conversation; `lock` holds it until the transaction ends.

    Raises:
        NotFound: There is none.
    """
    found = repository.conversation(session, conversation_id, lock=lock)
    if found is None:
        raise NotFound("没有找到这通会话", code="conversation_not_found")
    return found


def take_over(
    session: Session, conversation_id: UUID, owner_id: UUID, expected_epoch: int, clock: Clock
) -> ConversationView:
    """Gives a conversation to a person: the bot falls silent, also in a reply it is just making.

    Raises:
        Conflict: Somebody else changed the owner meanwhile.
    """
    now = conversation(session, conversation_id)
    return _hand(session, now, rules.owned(now.standing, owner_id, clock.now()), expected_epoch, clock)


def transfer_owner(
    session: Session, conversation_id: UUID, owner_id: UUID | None, expected_epoch: int, clock: Clock
) -> ConversationView:
    """Hands a conversation to another person, or to nobody: then it waits, open, and the bot may answer.

    Raises:
        Conflict: Somebody else changed the owner meanwhile.
    """
    now = conversation(session, conversation_id)
    if owner_id is None:
        waiting = now.waiting_since or clock.now()
        standing = now.standing.model_copy(update={"owner_id": None, "status": "open", "waiting_since": waiting})
    else:
        standing = rules.owned(now.standing, owner_id, clock.now())
    return _hand(session, now, standing, expected_epoch, clock)


def give_back(session: Session, conversation_id: UUID, expected_epoch: int, clock: Clock) -> ConversationView:
    """Gives a conversation back to the bot.

    Raises:
        Conflict: Somebody else changed the owner meanwhile.
    """
    now = conversation(session, conversation_id)
    return _hand(session, now, rules.given_back(now.standing), expected_epoch, clock)


def outdate(session: Session, conversation_id: UUID, clock: Clock) -> ConversationView:
    """Raises the epoch and changes nothing else: a reply that is still being made comes too late."""
    now = conversation(session, conversation_id, lock=True)
    return write(session, now, now.standing, clock, raises_epoch=True)


def hand_over(session: Session, conversation_id: UUID, clock: Clock) -> ConversationView:
    """A person is wanted: the conversation opens and waits; it keeps its owner if it has one."""
    now = conversation(session, conversation_id, lock=True)
    return write(session, now, rules.handed_over(now.standing, clock.now()), clock, raises_epoch=False)


def set_status(
    session: Session, conversation_id: UUID, status: Status, expected_epoch: int, clock: Clock
) -> ConversationView:
    """Resolves, reopens or returns a conversation; resolved or pending it has no owner.

    Raises:
        Conflict: The owner changed meanwhile, or the status cannot follow.
    """
    now = conversation(session, conversation_id, lock=True)
    return _hand(session, now, rules.moved(now.standing, status, clock.now()), expected_epoch, clock)


def snooze(
    session: Session, conversation_id: UUID, until: datetime, expected_epoch: int, clock: Clock
) -> ConversationView:
    """Puts a conversation off; the patient's next message, or the time, brings it back.

    Raises:
        Conflict: The owner changed meanwhile, or it is not open.
        Invalid: The time has passed already.
    """
    if until <= clock.now():
        raise Invalid("请选择将来的时间", field="until")
    now = conversation(session, conversation_id, lock=True)
    standing = rules.moved(now.standing, "snoozed", clock.now()).model_copy(update={"snoozed_until": until})
    return _hand(session, now, standing, expected_epoch, clock)


def wake_snoozed(session: Session, clock: Clock, limit: int = 100) -> int:
    """Brings back what was put off until now; tells how many."""
    due = repository.due_snoozes(session, clock.now(), limit)
    for conversation_id in due:
        hand_over(session, conversation_id, clock)
    return len(due)


def set_patient(
    session: Session, conversation_id: UUID, patient_id: UUID | None, department: str | None, clock: Clock
) -> ConversationView:
    """Says who is writing, or that it is not known any more."""
    now = conversation(session, conversation_id, lock=True)
    repository.set_patient(session, conversation_id, patient_id, department)
    return write(session, now, now.standing, clock, raises_epoch=False)


def _hand(
    session: Session, now: ConversationView, standing: Standing, expected_epoch: int, clock: Clock
) -> ConversationView:
    if now.epoch != expected_epoch:
        raise Conflict("这个会话刚刚由其他同事接手了", code="epoch_changed")
    return write(session, now, standing, clock, raises_epoch=standing.owner_id != now.owner_id)


def write(
    session: Session, now: ConversationView, standing: Standing, clock: Clock, *, raises_epoch: bool
) -> ConversationView:
    written = repository.set_standing(session, now.id, standing, expected_epoch=now.epoch, raises_epoch=raises_epoch)
    if not written:
        raise Conflict("这个会话刚刚由其他同事接手了", code="epoch_changed")
    changed = conversation(session, now.id)
    owner = str(changed.owner_id) if changed.owner_id else None
    data = {
        "conversation_id": str(now.id),
        "status": changed.status,
        "epoch": changed.epoch,
        "owner_id": owner,
        "channel": changed.channel,
    }
    publish(session, "conversation.changed", now.id, data, clock)
    return changed
