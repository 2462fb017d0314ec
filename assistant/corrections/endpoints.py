"""Corrections over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends

from assistant.corrections import service
from assistant.corrections.schemas import Corrected, CorrectionIn
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require

router = APIRouter(prefix="/api/desk/corrections", tags=["更正"])
Publisher = Annotated[CurrentUser, Depends(require("knowledge.publish"), scope="function")]


@router.post("")
def correct(body: CorrectionIn, session: Db, runtime: RuntimeDep, user: Publisher) -> Corrected:
    """Tells everybody who received a revision; at most 200 conversations a request, the same again goes on."""
    return service.correct(session, body, user, runtime.clock)
