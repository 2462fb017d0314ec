"""打给我: a script is tried by voice in the page. Its answers are a trial's and reach no patient's record."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, WebSocket
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from core_api.audit import service as audit
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict, NotFound
from core_api.kit.sockets import FORBIDDEN, UNAUTHENTICATED, from_elsewhere, user_of
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require
from core_api.questionnaires import service as questionnaires
from dialogs.api import TRIAL
from telephony.calls import service
from telephony.calls.rules import BROWSER
from telephony.calls.schemas import CallRequest, CallSnapshot, ConversationSpec
from telephony.carriers.browser.media import BrowserMedia
from telephony.runtime import TelephonyRuntime
from telephony.session.holding import hold

NO_NUMBER = "00000"
NOT_THERE = 4404
CALLER = "trial_by"

router = APIRouter()
Trier = Annotated[CurrentUser, Depends(require("questionnaires.read"), scope="function")]


class TrialIn(BaseModel):
    """Which script, in which version, drafts too."""

    model_config = ConfigDict(frozen=True)

    questionnaire_key: str = Field(min_length=1, max_length=64)
    questionnaire_version: int = Field(ge=1)
    elder: bool = False


class TrialOut(BaseModel):
    model_config = ConfigDict(frozen=True)

    call_id: UUID


@router.post("/api/calls/trials", status_code=201, tags=["calls"])
def begin_trial(body: TrialIn, session: Db, runtime: RuntimeDep, user: Trier) -> TrialOut:
    """Prepares a trial; the page that asked for it connects to `/api/calls/{id}/trial`."""
    script = questionnaires.get(session, body.questionnaire_key, body.questionnaire_version)
    if not script.items:
        raise Conflict("这份问卷还没有题目，不能试拨", code="empty_questionnaire")
    call_id = new_id()
    spec = ConversationSpec(
        conversation_id=new_id(),
        purpose=TRIAL,
        patient_id=None,
        questionnaire_key=script.key,
        questionnaire_version=script.version,
        hospital_name=runtime.hospital_name,
        salutation=user.display_name,
        full_name=user.display_name,
        elder=body.elder,
        context={CALLER: str(user.id)},
    )
    request = CallRequest(
        call_id=call_id,
        patient_id=None,
        phone_e164=NO_NUMBER,
        carrier=BROWSER,
        conversation=spec,
        idempotency_key=str(call_id),
    )
    service.register(session, request, runtime.clock)
    audit.record(session, user.id, "call.trial", "call", call_id, "试拨问卷", runtime.clock)
    return TrialOut(call_id=call_id)


@router.websocket("/api/calls/{call_id}/trial")
async def trial(socket: WebSocket, call_id: UUID) -> None:
    """The page's sound, for the one who began the trial."""
    runtime: TelephonyRuntime = socket.app.state.telephony
    user = None if from_elsewhere(socket) else await runtime.in_thread(user_of, socket)
    await socket.accept()
    if user is None:
        await socket.close(FORBIDDEN if from_elsewhere(socket) else UNAUTHENTICATED)
        return
    call = await runtime.in_thread(_begun, runtime, call_id, user.id)
    if call is None or not await hold(runtime, call, BrowserMedia(socket), 1.0):
        await socket.close(NOT_THERE)


def _begun(runtime: TelephonyRuntime, call_id: UUID, user_id: UUID) -> CallSnapshot | None:
    """Notes that sound flows; None for what is not this person's trial, or is over, or held already."""
    source = runtime.hearing.on(simulated=False)[0]  # loads the model here, beside the event loop
    with runtime.sessions.begin() as session:
        return _started(session, runtime, call_id, user_id, source)


def _started(
    session: Session, runtime: TelephonyRuntime, call_id: UUID, user_id: UUID, source: str
) -> CallSnapshot | None:
    try:
        call = service.snapshot(session, call_id)
    except NotFound:
        return None
    theirs = call.carrier == BROWSER and call.conversation.context.get(CALLER) == str(user_id)
    if not theirs or call.ended_at is not None or runtime.live.get(call_id) is not None:
        return None
    return service.start_media(session, call_id, str(call_id), source, runtime.clock, held_at=runtime.address)
