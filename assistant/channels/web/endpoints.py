"""The chat over HTTP, for patients; a visitor's token is the only key."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Query, Request, Response, UploadFile

from assistant.channels.files import service as files
from assistant.channels.files.schemas import PICTURE_BYTES
from assistant.channels.web import acts, talk
from assistant.channels.web.schemas import (
    Answered,
    ChatConversation,
    ChatMessage,
    ClientIdIn,
    History,
    MessageIn,
    QuestionsIn,
    RatingIn,
    SatisfactionIn,
    Visit,
    VisitIn,
    Visitor,
)
from assistant.channels.web.talk import WebChat
from assistant.inbound.schemas import Accepted, Inbound
from core_api.patients.identifying import Claim
from knowledge.api import Question

router = APIRouter(prefix="/api/chat", tags=["患者会话"])
BEARER = "bearer "
HANDOFF = "转人工"


def chat_of(request: Request) -> WebChat:
    """The process's chat."""
    found = request.app.state.chat
    if not isinstance(found, WebChat):
        raise TypeError
    return found


ChatDep = Annotated[WebChat, Depends(chat_of)]


def visitor_of(request: Request, chat: ChatDep) -> Visitor:
    """The visitor of the bearer token."""
    return talk.authenticate(chat, _token(request))


VisitorDep = Annotated[Visitor, Depends(visitor_of)]
Before = Annotated[int | None, Query(ge=1)]
After = Annotated[int | None, Query(ge=0)]


@router.post("/visits")
def begin_or_resume(request: Request, body: VisitIn, chat: ChatDep) -> Visit:
    """Goes on with the token's visit, or begins one and tells its token."""
    return talk.visit(chat, _token(request), body.entry, _address(request))


@router.get("/conversation")
def read_conversation(chat: ChatDep, visitor: VisitorDep) -> ChatConversation:
    """Where the conversation stands."""
    return talk.conversation(chat, visitor)


@router.get("/messages")
def read_messages(
    chat: ChatDep,
    visitor: VisitorDep,
    before: Before = None,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 30,
) -> History:
    """Messages after a number, or the last ones (before a number)."""
    return talk.history(chat, visitor, before, after, limit)


@router.post("/questions")
def look_through_questions(body: QuestionsIn, chat: ChatDep, visitor: VisitorDep) -> list[Question]:
    """Questions that patients often have; in the body, because people write names and numbers into a search."""
    return talk.questions(chat, visitor, body.words)


@router.post("/messages")
def send_message(request: Request, body: MessageIn, chat: ChatDep, visitor: VisitorDep) -> Answered:
    """Takes a message and answers it; the same client id again gives the same answer."""
    return _answered(request, chat, visitor, lambda: talk.accept(chat, visitor, body))


@router.post("/handoff")
def ask_for_a_person(request: Request, body: ClientIdIn, chat: ChatDep, visitor: VisitorDep) -> Answered:
    """Calls a person."""
    wanted = MessageIn(client_id=body.client_id, text=HANDOFF)
    return _answered(request, chat, visitor, lambda: talk.accept(chat, visitor, wanted))


@router.post("/files")
def send_file(
    request: Request,
    chat: ChatDep,
    visitor: VisitorDep,
    client_id: Annotated[str, Form(min_length=1, max_length=64, pattern=r"^[\w.:-]+$")],
    file: Annotated[UploadFile, File()],
    seconds: Annotated[int | None, Form()] = None,
) -> Answered:
    """Takes a picture or a voice message; what it is tells its content."""
    content = file.file.read(PICTURE_BYTES + 1)
    return _answered(request, chat, visitor, lambda: talk.accept_file(chat, visitor, client_id, content, seconds))


@router.get("/files/{file_id}", response_class=Response)
def read_file(file_id: UUID, chat: ChatDep, visitor: VisitorDep) -> Response:
    """A file of the visitor's own conversation."""
    with chat.sessions() as session:
        session.connection(execution_options={"read_only": True})
        view, content = files.read(session, chat.data_dir, file_id, visitor.conversation_id)
    headers = {"Cache-Control": "private, max-age=86400", "Content-Disposition": "inline"}
    return Response(content, media_type=view.media_type, headers=headers)


@router.post("/messages/{message_id}/rating")
def rate_answer(request: Request, message_id: UUID, body: RatingIn, chat: ChatDep, visitor: VisitorDep) -> ChatMessage:
    """Useful or useless."""
    acts.rate(chat, visitor, message_id, useful=body.useful, word=body.word)
    _poke(request, visitor)
    return talk.message(chat, visitor, message_id)


@router.post("/satisfaction")
def rate_service(request: Request, body: SatisfactionIn, chat: ChatDep, visitor: VisitorDep) -> ChatConversation:
    """How the patient found the service."""
    acts.satisfaction(chat, visitor, body.score, body.word)
    _poke(request, visitor)
    return talk.conversation(chat, visitor)


@router.post("/identify")
def identify(request: Request, body: Claim, chat: ChatDep, visitor: VisitorDep) -> ChatConversation:
    """Says who the visitor is by two facts of the record."""
    return talk.identify(chat, visitor, body, _address(request))


@router.delete("/identity")
def forget_identity(chat: ChatDep, visitor: VisitorDep) -> ChatConversation:
    """The browser is somebody else's from here on."""
    return talk.forget_identity(chat, visitor)


@router.post("/end")
def end_conversation(request: Request, chat: ChatDep, visitor: VisitorDep) -> ChatConversation:
    """Finishes; the next message reopens the conversation with its history."""
    acts.end(chat, visitor)
    _poke(request, visitor)
    return talk.conversation(chat, visitor)


def _answered(
    request: Request, chat: WebChat, visitor: Visitor, accept: Callable[[], tuple[Inbound, Accepted]]
) -> Answered:
    came, accepted = accept()
    _poke(request, visitor)
    answered = talk.answer(chat, visitor, came, accepted)
    _poke(request, visitor)
    return answered


def _poke(request: Request, visitor: Visitor) -> None:
    """Open sockets of the conversation are told at once; those of other processes by the outbox."""
    request.app.state.chat_hub.poke_from_thread(visitor.conversation_id)


def _token(request: Request) -> str:
    header = request.headers.get("authorization", "")
    return header[len(BEARER) :].strip() if header.lower().startswith(BEARER) else ""


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
