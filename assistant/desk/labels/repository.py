"""Queries of labels."""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assistant.desk.labels.models import ConversationLabelRow, LabelRow
from assistant.desk.labels.schemas import Label


def labels(session: Session) -> list[Label]:
    return [_label(row) for row in session.scalars(select(LabelRow).order_by(LabelRow.name))]


def put(session: Session, label: Label) -> bool:
    """Makes or changes a label; False when the name is taken."""
    try:
        with session.begin_nested():
            session.merge(LabelRow(**label.model_dump()))
            session.flush()
    except IntegrityError:
        return False
    return True


def exists(session: Session, label_id: UUID) -> bool:
    return session.scalar(select(LabelRow.id).where(LabelRow.id == label_id)) is not None


def remove(session: Session, label_id: UUID) -> None:
    session.execute(delete(ConversationLabelRow).where(ConversationLabelRow.label_id == label_id))
    session.execute(delete(LabelRow).where(LabelRow.id == label_id))


def set_labels(session: Session, conversation_id: UUID, label_ids: Iterable[UUID]) -> None:
    """Replaces a conversation's labels; unknown ids are left out."""
    known = set(session.scalars(select(LabelRow.id)))
    session.execute(delete(ConversationLabelRow).where(ConversationLabelRow.conversation_id == conversation_id))
    wanted = [one for one in dict.fromkeys(label_ids) if one in known]
    session.add_all(ConversationLabelRow(conversation_id=conversation_id, label_id=one) for one in wanted)
    session.flush()


def labels_of(session: Session, conversation_ids: Collection[UUID]) -> dict[UUID, list[Label]]:
    """The labels of conversations."""
    link = ConversationLabelRow
    query = (
        select(link.conversation_id, LabelRow)
        .join(LabelRow, LabelRow.id == link.label_id)
        .where(link.conversation_id.in_(conversation_ids))
        .order_by(LabelRow.name)
    )
    found: dict[UUID, list[Label]] = {}
    for conversation_id, row in session.execute(query):
        found.setdefault(conversation_id, []).append(_label(row))
    return found


def _label(row: LabelRow) -> Label:
    return Label.model_validate({"id": row.id, "name": row.name, "color": row.color})
