"""The address that is entered at WeChat; WeChat's signature is the only key."""

import logging
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse

from assistant.channels.wechat import sending, service, wire
from assistant.channels.wechat.schemas import Signed, WechatAccount
from assistant.channels.wechat.service import Taken, WechatRuntime
from core_api.kit.errors import NotFound, ServiceError

log = logging.getLogger(__name__)

BODY_BYTES_MAX = 1 << 18
SUCCESS = "success"
router = APIRouter(prefix="/api/wechat", tags=["微信"], include_in_schema=False)


def runtime_of(request: Request) -> WechatRuntime:
    """The channel, if any account is set.

    Raises:
        NotFound: WeChat is off.
    """
    found = getattr(request.app.state, "wechat", None)
    if not isinstance(found, WechatRuntime):
        raise NotFound("未启用微信", code="wechat_off")
    return found


RuntimeDep = Annotated[WechatRuntime, Depends(runtime_of)]
SignedQuery = Annotated[Signed, Query()]


def account_of(account: str, runtime: RuntimeDep) -> WechatAccount:
    """The account of the address.

    Raises:
        NotFound: There is none of this name.
    """
    if account not in runtime.accounts:
        raise NotFound("没有这个微信应用", code="wechat_account")
    return runtime.accounts[account]


AccountDep = Annotated[WechatAccount, Depends(account_of)]


@router.get("/{account}", response_class=PlainTextResponse)
def confirm_address(account: AccountDep, signed: SignedQuery) -> str:
    """Answers WeChat's question whether this address is ours."""
    return wire.echo(account, signed)


@router.post("/{account}", response_class=PlainTextResponse)
async def take_push(
    request: Request, account: AccountDep, runtime: RuntimeDep, signed: SignedQuery, later: BackgroundTasks
) -> str:
    """Keeps a push and says so at once; the answer goes by the customer-service interface."""
    body = await request.body()
    if len(body) > BODY_BYTES_MAX:
        return SUCCESS
    incoming = wire.read(account, signed, body)
    try:
        taken = await run_in_threadpool(service.take, runtime, account, incoming)
    except ServiceError:
        # WeChat would only send it again, and again it would be refused.
        log.warning("a WeChat message was refused")
        return SUCCESS
    if taken is not None:
        later.add_task(_answer, runtime, taken)
    return SUCCESS


def _answer(runtime: WechatRuntime, taken: Taken) -> None:
    service.answer(runtime, taken)
    sending.send(runtime, taken.contact.id)
