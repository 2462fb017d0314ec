"""Conversations at the desk over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Query, Response, UploadFile

from assistant.channels.files.schemas import PICTURE_BYTES
from assistant.desk import collecting
from assistant.desk.inbox import handover, matters, service
from assistant.desk.inbox.schemas import (
    ConversationDetail,
    ConversationLine,
    Counts,
    DeskMessage,
    EpochIn,
    Handover,
    InboxFilter,
    MessageIn,
    MessagePage,
    PictureIn,
    ReadIn,
    ResolveIn,
    SnoozeIn,
    SuggestIn,
    Suggestion,
    TransferIn,
)
from assistant.desk.labels import service as labels
from assistant.desk.labels.schemas import Label, LabelsIn
from assistant.desk.notes import service as notes
from assistant.desk.notes.service import NoteIn, NoteView
from core_api.kit.paging import Cursor, Limit, Page
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require

router = APIRouter(prefix="/api/desk", tags=["工作台"])
Reader = Annotated[CurrentUser, Depends(require("desk.read"), scope="function")]
FILE_HEADERS = {"Cache-Control": "private, max-age=86400", "Content-Disposition": "inline"}
Worker = Annotated[CurrentUser, Depends(require("desk.work"), scope="function")]
Proposer = Annotated[CurrentUser, Depends(require("knowledge.propose"), scope="function")]


@router.get("/counts")
def read_counts(session: Db, runtime: RuntimeDep, user: Reader) -> Counts:
    """What waits."""
    return service.counts(session, user, matters.count_alarms(session, user, runtime.clock), runtime.clock)


@router.get("/conversations")
def list_conversations(
    session: Db,
    runtime: RuntimeDep,
    user: Reader,
    wanted: Annotated[InboxFilter, Query()],
    cursor: Cursor = None,
    limit: Limit = 30,
) -> Page[ConversationLine]:
    """Conversations: the urgent first, then who has waited longest."""
    return service.list_conversations(session, wanted, user, runtime.clock, cursor, limit)


@router.get("/conversations/{conversation_id}")
def read_conversation(conversation_id: UUID, session: Db, runtime: RuntimeDep, user: Reader) -> ConversationDetail:
    """A conversation with its last messages, cases and notes."""
    return service.detail(session, conversation_id, user, runtime.clock)


@router.get("/conversations/{conversation_id}/messages")
def read_messages(
    conversation_id: UUID, session: Db, user: Reader, before: UUID | None = None, limit: Limit = 50
) -> MessagePage:
    """Earlier messages, oldest first."""
    return service.messages(session, conversation_id, before, limit)


@router.post("/conversations/{conversation_id}/take-over")
def take_over(conversation_id: UUID, body: EpochIn, session: Db, runtime: RuntimeDep, user: Worker) -> ConversationLine:
    """Takes a conversation; of two at once one is refused."""
    service.take_over(session, conversation_id, body, user, runtime.clock)
    return service.line(session, conversation_id, user, runtime.clock)


@router.post("/conversations/{conversation_id}/give-back")
def give_back(conversation_id: UUID, body: EpochIn, session: Db, runtime: RuntimeDep, user: Worker) -> ConversationLine:
    """Gives a conversation back to the automatic service."""
    service.give_back(session, conversation_id, body, user, runtime.clock)
    return service.line(session, conversation_id, user, runtime.clock)


@router.post("/conversations/{conversation_id}/messages", status_code=201)
def send_message(conversation_id: UUID, body: MessageIn, session: Db, runtime: RuntimeDep, user: Worker) -> DeskMessage:
    """Answers the patient; the same dedupe key again is the same message."""
    return service.answer(session, conversation_id, body, user, runtime.clock)


@router.post("/conversations/{conversation_id}/files", status_code=201)
def send_picture(  # noqa: PLR0913, PLR0917 - FastAPI's parameters
    conversation_id: UUID,
    session: Db,
    runtime: RuntimeDep,
    user: Worker,
    expected_epoch: Annotated[int, Form(ge=0)],
    dedupe_key: Annotated[str, Form(min_length=1, max_length=64)],
    file: Annotated[UploadFile, File()],
) -> DeskMessage:
    """Sends the patient a picture; the same dedupe key again is the same message."""
    content = file.file.read(PICTURE_BYTES + 1)
    seen = PictureIn(expected_epoch=expected_epoch, dedupe_key=dedupe_key)
    return service.send_picture(session, runtime.data_dir, conversation_id, content, seen, user, runtime.clock)


@router.get("/conversations/{conversation_id}/files/{file_id}", response_class=Response)
def read_file(conversation_id: UUID, file_id: UUID, session: Db, runtime: RuntimeDep, user: Reader) -> Response:
    """A picture or voice message of a conversation; looking at it is audited."""
    view, content = service.read_file(session, runtime.data_dir, conversation_id, file_id, user, runtime.clock)
    return Response(content, media_type=view.media_type, headers=FILE_HEADERS)


@router.post("/conversations/{conversation_id}/messages/{message_id}/propose", status_code=204)
def propose_reply(conversation_id: UUID, message_id: UUID, session: Db, runtime: RuntimeDep, user: Proposer) -> None:
    """Proposes a reply, with the question that it answered, for the knowledge base."""
    collecting.propose(session, conversation_id, message_id, user.id, runtime.clock)


@router.post("/conversations/{conversation_id}/transfer")
def transfer(
    conversation_id: UUID, body: TransferIn, session: Db, runtime: RuntimeDep, user: Worker
) -> ConversationLine:
    """Hands a conversation to a colleague or a queue."""
    service.transfer(session, conversation_id, body, user, runtime.clock)
    return service.line(session, conversation_id, user, runtime.clock)


@router.post("/conversations/{conversation_id}/resolve")
def resolve(conversation_id: UUID, body: ResolveIn, session: Db, runtime: RuntimeDep, user: Worker) -> ConversationLine:
    """Ends a conversation with its cases."""
    service.resolve(session, conversation_id, body, user, runtime.clock)
    return service.line(session, conversation_id, user, runtime.clock)


@router.post("/conversations/{conversation_id}/snooze")
def snooze(conversation_id: UUID, body: SnoozeIn, session: Db, runtime: RuntimeDep, user: Worker) -> ConversationLine:
    """Puts a conversation off until a time."""
    service.snooze(session, conversation_id, body, user, runtime.clock)
    return service.line(session, conversation_id, user, runtime.clock)


@router.post("/conversations/{conversation_id}/read", status_code=204)
def mark_read(conversation_id: UUID, body: ReadIn, session: Db, user: Reader) -> None:
    """Marks messages up to one as read."""
    service.read(session, conversation_id, body.message_id, user)


@router.post("/conversations/{conversation_id}/notes", status_code=201)
def add_note(conversation_id: UUID, body: NoteIn, session: Db, runtime: RuntimeDep, user: Worker) -> NoteView:
    """Adds a private note."""
    service.line(session, conversation_id, user, runtime.clock)
    note_id = notes.add_note(session, conversation_id, None, user.id, body.text, runtime.clock)
    return NoteView(
        id=note_id,
        author_id=user.id,
        author_name=user.display_name,
        text=body.text.strip(),
        at=runtime.clock.now(),
        mine=True,
    )


@router.put("/conversations/{conversation_id}/labels")
def set_labels(conversation_id: UUID, body: LabelsIn, session: Db, runtime: RuntimeDep, user: Worker) -> list[Label]:
    """Replaces a conversation's labels."""
    service.line(session, conversation_id, user, runtime.clock)
    return labels.set_labels(session, conversation_id, body.label_ids, runtime.clock)


@router.post("/conversations/{conversation_id}/suggestions")
def suggest(conversation_id: UUID, body: SuggestIn, session: Db, runtime: RuntimeDep, user: Reader) -> list[Suggestion]:
    """Approved answers that may fit."""
    return handover.suggestions(session, conversation_id, body.text, runtime.clock)


@router.get("/conversations/{conversation_id}/handover")
def read_handover(conversation_id: UUID, session: Db, runtime: RuntimeDep, user: Reader) -> Handover:
    """A summary and the transcript, for whoever takes over."""
    return handover.handover(session, conversation_id, user, runtime.clock)
