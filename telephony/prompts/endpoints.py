"""Recorded prompts over HTTP."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile

from core_api.kit.ranges import in_part
from core_api.kit.web import CurrentUser, Db, Runtime, RuntimeDep, require
from telephony.prompts import service
from telephony.prompts.schemas import PromptLine, PromptRecording, PromptVoice, ReviewIn
from telephony.prompts.sound import LARGEST_BYTES

router = APIRouter(prefix="/api/prompts", tags=["提示音"])
Reader = Annotated[CurrentUser, Depends(require("prompts.read"), scope="function")]
Writer = Annotated[CurrentUser, Depends(require("prompts.write"), scope="function")]
Reviewer = Annotated[CurrentUser, Depends(require("prompts.review"), scope="function")]


def folder_of(runtime: Runtime) -> Path:
    """Where the samples lie."""
    return runtime.data_dir / "prompts" / "recorded"


@router.get("")
def list_prompts(session: Db, _user: Reader, voice: PromptVoice = "normal") -> list[PromptLine]:
    """Every fixed sentence with its recordings."""
    return service.lines(session, voice)


@router.post("/recordings", status_code=201)
def upload(
    session: Db,
    runtime: RuntimeDep,
    user: Writer,
    text: Annotated[str, Form(min_length=1, max_length=500)],
    file: Annotated[UploadFile, File()],
    voice: Annotated[PromptVoice, Form()] = "normal",
) -> PromptRecording:
    """Takes a recording; it is used after a second person has reviewed it."""
    content = file.file.read(LARGEST_BYTES + 1)
    return service.upload(session, folder_of(runtime), text, voice, content, user, runtime.clock)


@router.post("/recordings/{recording_id}/review")
def review(recording_id: UUID, body: ReviewIn, session: Db, runtime: RuntimeDep, user: Reviewer) -> PromptRecording:
    """Takes a recording into use, or sends it back."""
    return service.review(session, recording_id, body, user, runtime.clock)


@router.post("/recordings/{recording_id}/retire", status_code=204)
def retire(recording_id: UUID, session: Db, runtime: RuntimeDep, user: Writer) -> None:
    """Withdraws a recording at once."""
    service.retire(session, recording_id, user, runtime.clock)


@router.get("/recordings/{recording_id}/audio", response_class=Response)
def audio(recording_id: UUID, request: Request, session: Db, runtime: RuntimeDep, _user: Reader) -> Response:
    """The recording as patients hear it."""
    content = service.audio(session, folder_of(runtime), recording_id)
    return in_part(content, request.headers.get("range"), "audio/wav", {"Cache-Control": "private, no-store"})
