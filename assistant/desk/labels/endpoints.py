"""Labels over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from assistant.desk.labels import service
from assistant.desk.labels.schemas import Label, LabelIn
from core_api.kit.web import CurrentUser, Db, require

router = APIRouter(prefix="/api/desk/labels", tags=["会话标签"])
Reader = Annotated[CurrentUser, Depends(require("desk.read"), scope="function")]
Manager = Annotated[CurrentUser, Depends(require("desk.manage"), scope="function")]


@router.get("")
def list_labels(session: Db, user: Reader) -> list[Label]:
    """Every label."""
    return service.labels(session)


@router.post("", status_code=201)
def create_label(body: LabelIn, session: Db, user: Manager) -> Label:
    """Makes a label."""
    return service.create_label(session, body)


@router.put("/{label_id}")
def change_label(label_id: UUID, body: LabelIn, session: Db, user: Manager) -> Label:
    """Renames or recolours a label."""
    return service.change_label(session, label_id, body)


@router.delete("/{label_id}", status_code=204)
def remove_label(label_id: UUID, session: Db, user: Manager) -> None:
    """Removes a label from everywhere."""
    service.remove_label(session, label_id)
