"""Queries on conversations and messages; texts are sealed here and nowhere else."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, insert, or_, select, update
from sqlalchemy.orm import Session

from assistant.conversations.models import ConversationRow, MessageRow
from assistant.conversations.schemas import (
    ConversationFilter,
    ConversationView,
    Kept,
    MessageView,
    NewMessage,
    Standing,
)
from core_api.kit.crypto import seal, unseal
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict

TEXT = "messages.text"
REPLY = "messages.reply"
# What every message asks is put together once: to build a statement takes longer than SQLite takes to answer it.
ONE = (
    select(ConversationRow)
    .where(ConversationRow.id == bindparam("conversation_id"))
    .execution_options(populate_existing=True)
)
ONE_LOCKED = ONE.with_for_update()
BY_KEY = select(MessageRow).where(
    MessageRow.conversation_id == bindparam("conversation_id"), MessageRow.dedupe_key == bindparam("dedupe_key")
)
NUMBERED = (
    update(ConversationRow)
    .where(ConversationRow.id == bindparam("of"), ConversationRow.last_seq == bindparam("seq_before"))
    .values(last_seq=bindparam("number"), last_message_at=bindparam("moment"))
    .execution_options(synchronize_session=False)
)
ADD = insert(MessageRow.__table__)  # type: ignore[arg-type]  # a mapped class's table is a Table
SETTLED = (
    update(MessageRow)
    .where(
        MessageRow.conversation_id == bindparam("of"),
        MessageRow.seq <= bindparam("up_to_seq"),
        MessageRow.answer_due_at.is_not(None),
    )
    .values(answer_due_at=None)
    .execution_options(synchronize_session=False)
)


def add_conversation(session: Session, row: ConversationRow) -> None:
    session.add(row)
    session.flush()


def conversation(session: Session, conversation_id: UUID, *, lock: bool = False) -> ConversationView | None:
    """A conversation; `lock` holds its row until the transaction ends."""
    row = session.scalar(ONE_LOCKED if lock else ONE, {"conversation_id": conversation_id})
    return None if row is None else _conversation(row)


def conversations(session: Session, ids: Collection[UUID]) -> list[ConversationView]:
    rows = session.scalars(select(ConversationRow).where(ConversationRow.id.in_(ids)))
    return [_conversation(row) for row in rows]


def listed(
    session: Session, wanted: ConversationFilter, after: tuple[datetime, UUID] | None, limit: int
) -> list[ConversationView]:
    """Conversations with messages, the newest first."""
    row = ConversationRow
    query = _matching(select(row).where(row.last_message_at.is_not(None)), wanted)
    if after is not None:
        at, last_id = after
        same = (row.last_message_at == at) & (row.id < last_id)
        query = query.where((row.last_message_at < at) | same)
    rows = session.scalars(query.order_by(row.last_message_at.desc(), row.id.desc()).limit(limit))
    return [_conversation(one) for one in rows]


def owned_by(session: Session, owner_id: UUID) -> list[ConversationView]:
    """Everything that a person owns, also what nothing was said in yet."""
    row = ConversationRow
    return [_conversation(one) for one in session.scalars(select(row).where(row.owner_id == owner_id).order_by(row.id))]


def due_snoozes(session: Session, now: datetime, limit: int) -> list[UUID]:
    """Conversations that were put off until now or earlier."""
    row = ConversationRow
    query = select(row.id).where(row.status == "snoozed", row.snoozed_until <= now)
    return list(session.scalars(query.order_by(row.snoozed_until).limit(limit)))


def set_standing(
    session: Session, conversation_id: UUID, standing: Standing, *, expected_epoch: int, raises_epoch: bool
) -> bool:
    """Writes status and owner if the epoch is still the expected one; tells whether it was."""
    row = ConversationRow
    statement = (
        update(row)
        .where(row.id == conversation_id, row.epoch == expected_epoch)
        .values(**standing.model_dump(), epoch=row.epoch + int(raises_epoch))
    )
    return _changed(session, statement)


def set_patient(session: Session, conversation_id: UUID, patient_id: UUID | None, department: str | None) -> None:
    row = ConversationRow
    values = {"patient_id": patient_id} | ({"department": department} if department else {})
    _changed(session, update(row).where(row.id == conversation_id).values(**values))


def add_message(session: Session, message: NewMessage, seq: int) -> Kept:
    """Keeps a message under the conversation's next number; the caller holds the conversation's row."""
    numbered = {"of": message.conversation_id, "seq_before": seq - 1, "number": seq, "moment": message.at}
    session.flush()
    if not getattr(session.execute(NUMBERED, numbered), "rowcount", 0):
        raise Conflict("会话刚刚有新消息，请重试", code="message_conflict")
    message_id = new_id()
    sealed = {
        "id": message_id,
        "seq": seq,
        "text": seal(session, TEXT, message_id, message.text),
        "reply": seal(session, REPLY, message_id, message.reply),
    }
    row = message.model_dump(exclude={"text", "reply"}) | sealed
    # None in a JSON column would be written as JSON's null.
    session.execute(ADD, {name: value for name, value in row.items() if value is not None})
    return Kept(id=message_id, seq=seq)


def by_key(session: Session, conversation_id: UUID, dedupe_key: str) -> MessageView | None:
    """The message that a channel knows by a key."""
    found = session.scalar(BY_KEY, {"conversation_id": conversation_id, "dedupe_key": dedupe_key})
    return None if found is None else _message(session, found)


def message(session: Session, conversation_id: UUID, message_id: UUID) -> MessageView | None:
    row = MessageRow
    found = session.scalar(select(row).where(row.id == message_id, row.conversation_id == conversation_id))
    return None if found is None else _message(session, found)


def messages(session: Session, conversation_id: UUID) -> list[MessageView]:
    """All messages of a conversation in order."""
    query = select(MessageRow).where(MessageRow.conversation_id == conversation_id).order_by(MessageRow.seq)
    return [_message(session, row) for row in session.scalars(query)]


def last_message(session: Session, conversation_id: UUID) -> MessageView | None:
    """The last message that holds words or keys."""
    row = MessageRow
    query = select(row).where(row.conversation_id == conversation_id).order_by(row.seq.desc()).limit(5)
    found = (_message(session, one) for one in session.scalars(query))
    return next((one for one in found if one.text or one.key), None)


def page(
    session: Session, conversation_id: UUID, before: int | None, after: int | None, limit: int
) -> list[MessageView]:
    """Messages in order: those after a number, or the last ones before a number."""
    row = MessageRow
    query = select(row).where(row.conversation_id == conversation_id)
    if after is not None:
        rows: Sequence[MessageRow] = session.scalars(query.where(row.seq > after).order_by(row.seq).limit(limit)).all()
    else:
        earlier = query if before is None else query.where(row.seq < before)
        rows = session.scalars(earlier.order_by(row.seq.desc()).limit(limit)).all()[::-1]
    return [_message(session, one) for one in rows]


def after_marks(session: Session, marks: dict[UUID, int], limit: int) -> list[MessageView]:
    """Messages of several conversations, each after its own number, in order."""
    row = MessageRow
    wanted = [(row.conversation_id == conversation_id) & (row.seq > seq) for conversation_id, seq in marks.items()]
    query = select(row).where(or_(*wanted)).order_by(row.conversation_id, row.seq).limit(limit)
    return [_message(session, one) for one in session.scalars(query)]


def attach(session: Session, message_id: UUID, file_id: UUID) -> None:
    _changed(session, update(MessageRow).where(MessageRow.id == message_id).values(file_id=file_id))


def set_useful(session: Session, message_id: UUID, useful: bool) -> None:
    _changed(session, update(MessageRow).where(MessageRow.id == message_id).values(useful=useful))


def settle_answers(session: Session, conversation_id: UUID, up_to_seq: int) -> None:
    """No answer is owed any more to messages up to a number."""
    session.execute(SETTLED, {"of": conversation_id, "up_to_seq": up_to_seq})


def overdue_answers(session: Session, now: datetime, limit: int) -> list[MessageView]:
    """Messages that the bot should have answered by now."""
    row = MessageRow
    query = select(row).where(row.answer_due_at <= now).order_by(row.answer_due_at).limit(limit)
    return [_message(session, one) for one in session.scalars(query)]


def _changed(session: Session, statement: Any) -> bool:  # noqa: ANN401 - an update of any table
    result = session.execute(statement.execution_options(synchronize_session=False))
    return bool(getattr(result, "rowcount", 0))


def _matching(query: Select[tuple[ConversationRow]], wanted: ConversationFilter) -> Select[tuple[ConversationRow]]:
    row = ConversationRow
    conditions: list[ColumnElement[bool]] = []
    for name in ("owner_id", "department", "channel", "patient_id"):
        value = getattr(wanted, name)
        if value is not None:
            conditions.append(getattr(row, name) == value)
    if wanted.status is not None:
        conditions.append(row.status.in_(wanted.status))
    if wanted.unowned:
        conditions.append(row.owner_id.is_(None))
    return query.where(*conditions)


def _conversation(row: ConversationRow) -> ConversationView:
    return ConversationView.model_validate({name: getattr(row, name) for name in ConversationView.model_fields})


def _message(session: Session, row: MessageRow) -> MessageView:
    plain = {name: getattr(row, name) for name in MessageView.model_fields}
    plain["text"] = unseal(session, TEXT, row.id, row.text) or ""
    plain["reply"] = unseal(session, REPLY, row.id, row.reply)
    return MessageView.model_construct(**plain)
