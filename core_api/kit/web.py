"""The HTTP edge: one transaction per request, problem documents (RFC 9457), permissions denied by default."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from core_api.kit.clock import Clock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Sessions
from core_api.kit.errors import Forbidden, ServiceError, Unauthenticated

SESSION_COOKIE = "huifang_session"
PROBLEM_JSON = "application/problem+json"
UNPROCESSABLE = 422


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


def db(request: Request) -> Iterator[Session]:
    """One transaction per request: committed when the endpoint returns, rolled back when it raises."""
    with runtime(request).sessions.begin() as session:
        yield session


RuntimeDep = Annotated[Runtime, Depends(runtime)]
# scope="function": the commit happens before the response leaves, so that a failed commit is never answered as done.
Db = Annotated[Session, Depends(db, scope="function")]


def current_user(request: Request, session: Db) -> CurrentUser:
    """The user of the session cookie or the bearer token.

    Raises:
        Unauthenticated: Neither is there, or it is not valid any more.
    """
    authenticate: Authenticate = request.app.state.authenticate
    token = _token(request)
    user = authenticate(session, token) if token else None
    if user is None:
        message = "请先登录"
        raise Unauthenticated(message)
    return user


def require(permission: str) -> Callable[[CurrentUser], CurrentUser]:
    """A dependency that lets only users with a permission pass."""

    def check(user: Annotated[CurrentUser, Depends(current_user, scope="function")]) -> CurrentUser:
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
    return problem(error.status, error.code, error.message, field=error.field, retryable=error.retryable)


def _validation_error(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    errors = [{"field": _place(item["loc"]), "reason": str(item["type"])} for item in error.errors()]
    first = errors[0]["field"] if errors else None
    return problem(UNPROCESSABLE, "invalid", "提交的内容有误", detail=f"请检查：{first}", field=first, errors=errors)


def _http_error(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    titles = {404: "没有找到", 405: "不支持此操作", 413: "内容过大"}
    return problem(error.status_code, f"http_{error.status_code}", titles.get(error.status_code, "请求未能完成"))


def _overload(_request: Request, _error: Exception) -> JSONResponse:
    return problem(503, "unavailable", "系统繁忙，请稍后再试", retryable=True)


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location[1:]) or "body"
