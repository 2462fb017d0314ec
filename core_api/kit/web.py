"""The HTTP edge: one transaction per request, problem documents (RFC 9457), permissions denied by default."""

import asyncio
import contextlib
import errno
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import anyio
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from core_api.kit.clock import Clock
from core_api.kit.crypto import Keyring
from core_api.kit.db import POOL_SIZE, POOL_TIMEOUT_SECONDS, Sessions
from core_api.kit.errors import Forbidden, ServiceError, Unauthenticated
from core_api.kit.reasons import reason

SESSION_COOKIE = "huifang_session"
PROBLEM_JSON = "application/problem+json"
UNPROCESSABLE = 422
CLIENT_CLOSED_REQUEST = 499
INTERNAL = 500
INSUFFICIENT_STORAGE = 507
FULL_DISK = {"ENOSPC", "EDQUOT", "EFBIG"}
POSTGRESQL_DISK_FULL = "53100"
DATABASE_REQUESTS = POOL_SIZE

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Runtime:
    """What every endpoint may use; made once by the composition root."""

    sessions: Sessions
    clock: Clock
    zone: ZoneInfo
    keyring: Keyring
    data_dir: Path
    hospital_name: str = "示例医院"


class CurrentUser(BaseModel):
    """Who is asking."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    username: str
    display_name: str
    roles: tuple[str, ...]
    permissions: frozenset[str]


Authenticate = Callable[[Session, str], CurrentUser | None]


def runtime(request: Request) -> Runtime:
    """The process's runtime."""
    found = request.app.state.runtime
    if not isinstance(found, Runtime):
        raise TypeError
    return found


async def runtime_of(request: Request) -> Runtime:
    """`runtime` as a dependency that needs no thread."""
    return runtime(request)


async def db(request: Request) -> AsyncIterator[Session]:
    """One transaction per request: committed when the endpoint returns, rolled back when it raises.

    A request waits for its turn on the event loop and never in a thread: were the threads full of requests that wait
    for a connection, those that hold one would find no thread to go on in.

    Raises:
        PoolTimeout: Too many requests are before this one.
    """
    async with _turn(request.app):
        session = runtime(request).sessions()
        try:
            yield session
            if session.in_transaction():
                await run_in_threadpool(session.commit)
        finally:
            with anyio.CancelScope(shield=True):
                await _close(session)


@contextlib.asynccontextmanager
async def _turn(app: FastAPI) -> AsyncIterator[None]:
    """One of the DATABASE_REQUESTS that may use the database at once."""
    gate: asyncio.Semaphore | None = getattr(app.state, "database_gate", None)
    if gate is None:
        gate = app.state.database_gate = asyncio.Semaphore(DATABASE_REQUESTS)
    try:
        async with asyncio.timeout(POOL_TIMEOUT_SECONDS):
            await gate.acquire()
    except TimeoutError as error:
        raise PoolTimeout from error
    try:
        yield
    finally:
        gate.release()


async def _close(session: Session) -> None:
    """Rolls back what was not committed."""
    if session.in_transaction():
        await run_in_threadpool(session.close)
    else:
        session.close()


RuntimeDep = Annotated[Runtime, Depends(runtime_of)]
# scope="function": the commit happens before the response leaves, so that a failed commit is never answered as done.
Db = Annotated[Session, Depends(db, scope="function")]


async def current_user(request: Request, session: Db) -> CurrentUser:
    """The user of the session cookie or the bearer token.

    Raises:
        Unauthenticated: Neither is there, or it is not valid any more.
    """
    authenticate: Authenticate = request.app.state.authenticate
    token = _token(request)
    user = await run_in_threadpool(_read_user, authenticate, session, token) if token else None
    if user is None:
        message = "请先登录"
        raise Unauthenticated(message)
    return user


def _read_user(authenticate: Authenticate, session: Session, token: str) -> CurrentUser | None:
    """Reads the user in a transaction that ends here.

    Held on through the endpoint it would keep SQLite's only writer's place, and an endpoint that writes in transactions
    of its own would wait for itself.
    """
    session.connection(execution_options={"read_only": True})
    try:
        return authenticate(session, token)
    finally:
        session.rollback()


def require(permission: str) -> Callable[[CurrentUser], Awaitable[CurrentUser]]:
    """A dependency that lets only users with a permission pass."""

    async def check(user: Annotated[CurrentUser, Depends(current_user, scope="function")]) -> CurrentUser:
        if permission not in user.permissions:
            message = "您的账号没有此项权限，请联系管理员"
            raise Forbidden(message)
        return user

    return check


def install_problem_handlers(app: FastAPI) -> None:
    """Turns every refusal into a problem document."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(PoolTimeout, _overload)
    app.add_exception_handler(OperationalError, _overload)
    app.add_exception_handler(OSError, _not_written)
    app.add_exception_handler(ClientDisconnect, _gone)


def problem(  # noqa: PLR0913 - the members of RFC 9457
    status: int,
    code: str,
    title: str,
    *,
    detail: str | None = None,
    field: str | None = None,
    retryable: bool = False,
    errors: list[dict[str, str]] | None = None,
) -> JSONResponse:
    """A problem document."""
    body = {
        "type": f"urn:huifang:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail or title,
        "field": field,
        "retryable": retryable,
    }
    if errors:
        body["errors"] = errors
    return JSONResponse(body, status_code=status, media_type=PROBLEM_JSON)


def _token(request: Request) -> str | None:
    header = request.headers.get("authorization", "")
    if header.lower().startswith("bearer "):
        return header[7:].strip()
    return request.cookies.get(SESSION_COOKIE)


def _service_error(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, ServiceError):
        raise error
    return problem(
        error.status,
        error.code,
        error.message,
        field=error.field,
        retryable=error.retryable,
        errors=list(error.items),
    )


def _validation_error(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    errors = [
        {"field": _place(item["loc"]), "reason": reason(str(item["type"]), item.get("ctx") or {})}
        for item in error.errors()
    ]
    if not errors:
        return problem(UNPROCESSABLE, "invalid", "提交的内容有误")
    first = errors[0]
    detail = f"{first['field']}：{first['reason']}"
    return problem(UNPROCESSABLE, "invalid", "提交的内容有误", detail=detail, field=first["field"], errors=errors)


def _http_error(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    titles = {404: "没有找到", 405: "不支持此操作", 413: "内容过大"}
    return problem(error.status_code, f"http_{error.status_code}", titles.get(error.status_code, "请求未能完成"))


def _overload(_request: Request, error: Exception) -> JSONResponse:
    if _database_is_full(getattr(error, "orig", None)):
        return _full()
    return problem(503, "unavailable", "系统繁忙，请稍后再试", retryable=True)


def _not_written(_request: Request, error: Exception) -> JSONResponse:
    """A file that could not be written or read; its name and path stay here."""
    kind = errno.errorcode.get(getattr(error, "errno", None) or 0, type(error).__name__)
    log.error("a file could not be written or read", extra={"kind": kind})
    if kind in FULL_DISK:
        return _full()
    return problem(INTERNAL, "storage", "服务器无法读写文件，请联系管理员", retryable=True)


def _gone(_request: Request, _error: Exception) -> Response:
    """The other side hung up in the middle of its request: nobody reads the answer, and it is no fault of ours."""
    return Response(status_code=CLIENT_CLOSED_REQUEST)


def _full() -> JSONResponse:
    told = "服务器磁盘已满，没有保存；请联系管理员清理后再试"
    return problem(INSUFFICIENT_STORAGE, "disk_full", told, retryable=True)


def _database_is_full(error: object) -> bool:
    code, state = getattr(error, "sqlite_errorcode", None), getattr(error, "sqlstate", None)
    return code == sqlite3.SQLITE_FULL or state == POSTGRESQL_DISK_FULL


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location[1:]) or "body"
