"""Conversations: opening, listing, and what is said in them; `standing` has who owns them."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.conversations import repository, rules
from assistant.conversations.models import ConversationRow
from assistant.conversations.schemas import (
    DESK_ONLY,
    MAX_TEXT_CHARS,
    ConversationFilter,
    ConversationView,
    Kept,
    Kind,
    MessageView,
    NewMessage,
)
from assistant.conversations.standing import (
    conversation,
    give_back,
    hand_over,
    outdate,
    set_patient,
    set_status,
    snooze,
    take_over,
    transfer_owner,
    wake_snoozed,
    write,
)
from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict, Invalid, NotFound, ServiceError
from core_api.kit.outbox import publish
from core_api.kit.paging import Page, decode_cursor, encode_cursor

__all__ = [
    "STAFF_KEY",
    "add",
    "after_marks",
    "attach",
    "check_length",
    "conversation",
    "conversations_of",
    "give_back",
    "hand_over",
    "known",
    "last_message",
    "list_conversations",
    "message",
    "messages",
    "note",
    "notice",
    "open_conversation",
    "outdate",
    "overdue_answers",
    "owned_by",
    "page",
    "set_patient",
    "set_status",
    "set_useful",
    "settle_answers",
    "snooze",
    "staff_message",
    "take_over",
    "transfer_owner",
    "wake_snoozed",
]

owned_by = repository.owned_by
PAGE = 50
STAFF_KEY = "staff:"
"""Begins the dedupe key of what people of the hospital write."""
PUSHED = frozenset({"wechat"})
"""Channels that are sent to, where others fetch."""


class TooLong(ServiceError):
    default_code = "too_long"
    status = 413


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


def conversations_of(session: Session, ids: Collection[UUID]) -> dict[UUID, ConversationView]:
    """Conversations by id; unknown ids are left out."""
    return {one.id: one for one in repository.conversations(session, ids)} if ids else {}


def list_conversations(
    session: Session, wanted: ConversationFilter, cursor: str | None = None, limit: int = 20
) -> Page[ConversationView]:
    """A page of conversations, the last spoken in first.

    Raises:
        Invalid: The cursor is not ours.
    """
    items = repository.listed(session, wanted, _place(cursor), limit + 1)
    more = len(items) > limit
    last = items[limit - 1] if more else None
    place = last and last.last_message_at and encode_cursor(last.last_message_at.isoformat(), str(last.id))
    return Page(items=items[:limit], next_cursor=place or None)


def add(session: Session, message: NewMessage, clock: Clock, *, held: ConversationView | None = None) -> Kept:
    """Keeps a message, moves the conversation's standing, tells the others; the caller has deduplicated.

    Args:
        session: The transaction.
        message: What is to be kept.
        clock: Tells now.
        held: The conversation, if this transaction has locked it and has not written in it since.

    Raises:
        NotFound: There is no such conversation.
        TooLong: The text has more than MAX_TEXT_CHARS characters.
    """
    check_length(message.text)
    before = held or conversation(session, message.conversation_id, lock=True)
    after = rules.after_message(before.standing, message.sender, message.at) if _spoken(message) else before.standing
    kept = repository.add_message(session, message, before.last_seq + 1)
    if after != before.standing:
        write(session, before, after, clock, raises_epoch=False)
    if _spoken(message):
        _announce(session, before, message, kept, clock)
    return kept


def check_length(text: str) -> None:
    """Refuses what is too long, before anything is kept.

    Raises:
        TooLong: It is.
    """
    if len(text) > MAX_TEXT_CHARS:
        raise TooLong(f"一条消息最多 {MAX_TEXT_CHARS} 个字，请分成几条发送", field="text")


def known(session: Session, conversation_id: UUID, dedupe_key: str) -> MessageView | None:
    """The message that a channel knows by a key, if it is kept."""
    return repository.by_key(session, conversation_id, dedupe_key)


def messages(session: Session, conversation_id: UUID) -> list[MessageView]:
    """All messages of a conversation in order; silence and unspoken replies are left out."""
    return [one for one in repository.messages(session, conversation_id) if one.text or one.key or one.file_id]


def last_message(session: Session, conversation_id: UUID) -> MessageView | None:
    """What was said last."""
    return repository.last_message(session, conversation_id)


def page(
    session: Session, conversation_id: UUID, *, before: int | None = None, after: int | None = None, limit: int = PAGE
) -> list[MessageView]:
    """Messages in order: those after a number, or the last ones (before a number)."""
    return repository.page(session, conversation_id, before, after, limit)


def after_marks(session: Session, marks: dict[UUID, int], limit: int) -> list[MessageView]:
    """Messages of several conversations, each after its own number, in order."""
    return repository.after_marks(session, marks, limit) if marks else []


def message(session: Session, conversation_id: UUID, message_id: UUID) -> MessageView:
    """One message of a conversation.

    Raises:
        NotFound: The conversation has none of this id.
    """
    found = repository.message(session, conversation_id, message_id)
    if found is None:
        raise NotFound("没有找到这条消息", code="message_not_found")
    return found


def notice(
    session: Session, conversation_id: UUID, text: str, clock: Clock, *, dedupe_key: str, kind: Kind = "notice"
) -> None:
    """A line of the service itself, whoever owns the conversation; once per dedupe key."""
    if repository.by_key(session, conversation_id, dedupe_key) is None:
        message = NewMessage(
            conversation_id=conversation_id,
            dedupe_key=dedupe_key,
            sender="system",
            kind=kind,
            text=text,
            at=clock.now(),
        )
        add(session, message, clock)


def note(session: Session, conversation_id: UUID, text: str, clock: Clock, dedupe_key: str) -> None:
    """A line of the service for staff alone, such as that a channel takes no more; once per dedupe key."""
    if repository.by_key(session, conversation_id, dedupe_key) is None:
        message = NewMessage(
            conversation_id=conversation_id,
            dedupe_key=dedupe_key,
            sender="system",
            kind="notice",
            text=text,
            at=clock.now(),
            source=DESK_ONLY,
        )
        add(session, message, clock)


def attach(session: Session, message_id: UUID, file_id: UUID) -> None:
    """Hangs a file on a message that came without it."""
    repository.attach(session, message_id, file_id)


def staff_message(  # noqa: PLR0913, PLR0917 - who, where, what, once, under which epoch
    session: Session,
    conversation_id: UUID,
    author_id: UUID,
    text: str,
    dedupe_key: str,
    expected_epoch: int,
    clock: Clock,
    *,
    file_id: UUID | None = None,
    kind: Kind = "text",
) -> MessageView:
    """A person's message; the same dedupe key again returns the one that is kept.

    Raises:
        Conflict: The conversation is not this person's any more.
        Invalid: There is nothing in it.
    """
    now = conversation(session, conversation_id, lock=True)
    kept = repository.by_key(session, conversation_id, f"{STAFF_KEY}{dedupe_key}")
    if kept is not None:
        return kept
    if not text.strip() and file_id is None:
        raise Invalid("请输入内容", code="empty_message", field="text")
    if now.epoch != expected_epoch or now.owner_id != author_id:
        raise Conflict("这个会话已不由您接待，请刷新", code="epoch_changed")
    new = NewMessage(
        conversation_id=conversation_id,
        dedupe_key=f"{STAFF_KEY}{dedupe_key}",
        sender="staff",
        kind=kind,
        text=text,
        at=clock.now(),
        author_id=author_id,
        file_id=file_id,
    )
    return message(session, conversation_id, add(session, new, clock).id)


def set_useful(session: Session, message_id: UUID, useful: bool) -> None:
    """What the patient thought of an answer."""
    repository.set_useful(session, message_id, useful)


def settle_answers(session: Session, conversation_id: UUID, up_to_seq: int) -> None:
    """The bot owes no answer any more to messages up to a number."""
    repository.settle_answers(session, conversation_id, up_to_seq)


def overdue_answers(session: Session, clock: Clock, limit: int = 50) -> list[MessageView]:
    """Messages whose answer the bot owes since too long."""
    return repository.overdue_answers(session, clock.now(), limit)


def _spoken(message: NewMessage) -> bool:
    return bool(message.text or message.key or message.file_id)


def _announce(session: Session, where: ConversationView, message: NewMessage, kept: Kept, clock: Clock) -> None:
    data = {
        "conversation_id": str(where.id),
        "message_id": str(kept.id),
        "seq": kept.seq,
        "sender": message.sender,
        "channel": where.channel,
    }
    publish(session, "message.added", where.id, data, clock)
    if where.channel in PUSHED and message.sender != "patient":
        publish(session, "message.outgoing", where.id, data, clock)


def _place(cursor: str | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    try:
        at, conversation_id = decode_cursor(cursor)
        return datetime.fromisoformat(str(at)), UUID(str(conversation_id))
    except ValueError as error:
        raise Invalid("翻页位置无效，请从第一页重新查看", field="cursor") from error
