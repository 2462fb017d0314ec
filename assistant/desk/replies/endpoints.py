"""Canned replies over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from assistant.desk.replies import service
from assistant.desk.replies.schemas import Rendered, RenderIn, ReplyIn, ReplyView
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require

router = APIRouter(prefix="/api/desk/replies", tags=["快捷回复"])
Worker = Annotated[CurrentUser, Depends(require("desk.work"), scope="function")]


@router.get("")
def list_replies(session: Db, user: Worker) -> list[ReplyView]:
    """One's own replies and the shared ones."""
    return service.replies(session, user)


@router.post("", status_code=201)
def create_reply(body: ReplyIn, session: Db, runtime: RuntimeDep, user: Worker) -> ReplyView:
    """Makes a reply."""
    return service.create_reply(session, body, user, runtime.clock)


@router.put("/{reply_id}")
def change_reply(reply_id: UUID, body: ReplyIn, session: Db, runtime: RuntimeDep, user: Worker) -> ReplyView:
    """Changes a reply."""
    return service.change_reply(session, reply_id, body, user, runtime.clock)


@router.delete("/{reply_id}", status_code=204)
def remove_reply(reply_id: UUID, session: Db, user: Worker) -> None:
    """Removes a reply."""
    service.remove_reply(session, reply_id, user)


@router.post("/{reply_id}/render")
def render(reply_id: UUID, body: RenderIn, session: Db, runtime: RuntimeDep, user: Worker) -> Rendered:
    """A reply with its places filled, to be sent or edited."""
    return service.render(session, reply_id, body.conversation_id, user, runtime.hospital_name, runtime.clock)
