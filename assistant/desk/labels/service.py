"""Labels: making them, putting them on conversations."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.desk.labels import repository
from assistant.desk.labels.schemas import Color, Label, LabelIn
from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict, NotFound
from core_api.kit.outbox import publish

FIRST: tuple[tuple[str, Color], ...] = (
    ("预约", "blue"),
    ("费用", "green"),
    ("用药", "violet"),
    ("需电话联系", "amber"),
    ("投诉", "red"),
)
labels = repository.labels
labels_of = repository.labels_of
remove_label = repository.remove


def create_label(session: Session, new: LabelIn) -> Label:
    """Makes a label.

    Raises:
        Conflict: The name is taken.
    """
    return _put(session, Label(id=new_id(), **new.model_dump()))


def change_label(session: Session, label_id: UUID, change: LabelIn) -> Label:
    """Renames or recolours a label.

    Raises:
        NotFound: There is none of this id.
        Conflict: The name is taken.
    """
    if not repository.exists(session, label_id):
        raise NotFound("没有找到这个标签", code="label_not_found")
    return _put(session, Label(id=label_id, **change.model_dump()))


def load_library(session: Session) -> None:
    """Makes the first labels in a database that has none."""
    if not repository.labels(session):
        for name, color in FIRST:
            create_label(session, LabelIn(name=name, color=color))


def set_labels(session: Session, conversation_id: UUID, label_ids: Iterable[UUID], clock: Clock) -> list[Label]:
    """Replaces a conversation's labels."""
    repository.set_labels(session, conversation_id, label_ids)
    publish(session, "label.changed", None, {"conversation_id": str(conversation_id)}, clock)
    return repository.labels_of(session, [conversation_id]).get(conversation_id, [])


def _put(session: Session, label: Label) -> Label:
    if not repository.put(session, label):
        raise Conflict("已有同名的标签", code="name_taken", field="name")
    return label
