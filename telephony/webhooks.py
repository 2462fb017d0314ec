"""The carrier's requests: the document for an answered call, status, answering machine, and the media socket."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response, WebSocket
from starlette.concurrency import run_in_threadpool

from core_api.kit.errors import Forbidden, Invalid, NotFound
from telephony import arrivals, progress
from telephony.calls import service
from telephony.calls.schemas import CallSnapshot, StatusUpdate
from telephony.carriers.twilio import TwilioCarrier
from telephony.runtime import TelephonyRuntime
from telephony.session.socket import hold_call

PREFIX = "/carriers/twilio"
MEDIA_PATH = f"{PREFIX}/media"
POLICY_VIOLATION = 1008
SID_MAX = 64

router = APIRouter(prefix=PREFIX, tags=["carriers"], include_in_schema=False)


def telephony(request: Request) -> TelephonyRuntime:
    """The process's telephony runtime."""
    found = request.app.state.telephony
    if not isinstance(found, TelephonyRuntime):
        raise TypeError
    return found


RuntimeDep = Annotated[TelephonyRuntime, Depends(telephony)]


@router.post("/voice")
async def arrival(request: Request, runtime: RuntimeDep) -> Response:
    """What to do with a call to us: connect its audio; told of again, the same call."""
    carrier, form = await _signed(request, runtime)
    sid = form.get("CallSid", "")
    if not sid or len(sid) > SID_MAX:
        raise Invalid("缺少通话编号", field="CallSid")
    call = await run_in_threadpool(arrivals.register, runtime, carrier, sid, form.get("From", ""))
    if call.ended_at is not None:
        return Response(carrier.goodbye_document(), media_type="text/xml")
    return Response(carrier.connect_document(socket_url(carrier), call.id), media_type="text/xml")


@router.post("/status", status_code=204)
async def arrival_status(request: Request, runtime: RuntimeDep) -> None:
    """Progress of a call to us; of one that is not known there is nothing to write."""
    _carrier, form = await _signed(request, runtime)
    call_id = await run_in_threadpool(_by_sid, runtime, form.get("CallSid", ""))
    if call_id is not None:
        await run_in_threadpool(progress.take_status, runtime, call_id, _update(form))


@router.post("/voice/{call_id}")
async def voice(call_id: UUID, request: Request, runtime: RuntimeDep) -> Response:
    """What to do with the answered call: connect its audio to us, or end it if it is over on our side."""
    call, carrier, form = await _checked(call_id, request, runtime)
    if form.get("AnsweredBy"):
        await run_in_threadpool(progress.take_answered_by, runtime, call_id, form["AnsweredBy"])
    if call.ended_at is not None:
        return Response(carrier.goodbye_document(), media_type="text/xml")
    return Response(carrier.connect_document(socket_url(carrier), call_id), media_type="text/xml")


@router.post("/status/{call_id}", status_code=204)
async def status(call_id: UUID, request: Request, runtime: RuntimeDep) -> None:
    """A call's progress; repeated and late ones are welcome."""
    _call, _carrier, form = await _checked(call_id, request, runtime)
    await run_in_threadpool(progress.take_status, runtime, call_id, _update(form))


@router.post("/amd/{call_id}", status_code=204)
async def answering_machine(call_id: UUID, request: Request, runtime: RuntimeDep) -> None:
    """Whether a person or a machine answered."""
    _call, _carrier, form = await _checked(call_id, request, runtime)
    await run_in_threadpool(progress.take_answered_by, runtime, call_id, form.get("AnsweredBy", "unknown"))


@router.websocket("/media")
async def media(socket: WebSocket) -> None:
    """A call's audio, both ways."""
    runtime = socket.app.state.telephony
    signature = socket.headers.get("x-twilio-signature", "")
    ours = [one for one in runtime.carriers.values() if isinstance(one, TwilioCarrier)]
    carrier = next((one for one in ours if one.signed(socket_url(one), {}, signature)), None)
    if carrier is None:
        await socket.close(POLICY_VIOLATION)
        return
    await hold_call(socket, runtime, carrier)


def socket_url(carrier: TwilioCarrier) -> str:
    """Our media socket as the carrier sees it."""
    return carrier.account.public_url.replace("http", "ws", 1) + MEDIA_PATH


def _update(form: dict[str, str]) -> StatusUpdate:
    return StatusUpdate(
        sid=form.get("CallSid", "")[:SID_MAX],
        status=form.get("CallStatus", "")[:20],
        sequence=form.get("SequenceNumber", form.get("CallStatus", ""))[:20],
        duration_seconds=int(form["CallDuration"]) if form.get("CallDuration", "").isdigit() else None,
        sip_code=form.get("SipResponseCode"),
    )


async def _signed(request: Request, runtime: TelephonyRuntime) -> tuple[TwilioCarrier, dict[str, str]]:
    """The carrier that signed a request about a call to us, and its form.

    Raises:
        Forbidden: None of ours did.
    """
    form = {name: str(value) for name, value in (await request.form()).items()}
    signature = request.headers.get("x-twilio-signature", "")
    for carrier in runtime.carriers.values():
        if isinstance(carrier, TwilioCarrier) and carrier.signed(_public_url(carrier, request), form, signature):
            return carrier, form
    raise Forbidden("签名无效")


async def _checked(
    call_id: UUID, request: Request, runtime: TelephonyRuntime
) -> tuple[CallSnapshot, TwilioCarrier, dict[str, str]]:
    """The call and the form of a request that its carrier signed.

    Raises:
        Forbidden: The signature is missing or wrong, or there is no such call (a stranger learns nothing).
    """
    form = {name: str(value) for name, value in (await request.form()).items()}
    refusal = Forbidden("签名无效")
    try:
        call = await run_in_threadpool(_snapshot, runtime, call_id)
        carrier = runtime.carrier(call.carrier)
    except NotFound:
        raise refusal from None
    if not isinstance(carrier, TwilioCarrier):
        raise refusal
    if not carrier.signed(_public_url(carrier, request), form, request.headers.get("x-twilio-signature", "")):
        raise refusal
    return call, carrier, form


def _public_url(carrier: TwilioCarrier, request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{carrier.account.public_url}{request.url.path}{query}"


def _by_sid(runtime: TelephonyRuntime, sid: str) -> UUID | None:
    with runtime.sessions.begin() as session:
        return service.by_sid(session, sid) if sid else None


def _snapshot(runtime: TelephonyRuntime, call_id: UUID) -> CallSnapshot:
    with runtime.sessions.begin() as session:
        return service.snapshot(session, call_id)
