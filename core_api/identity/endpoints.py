"""Signing in and out over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response

from core_api.audit import service as audit
from core_api.identity import service
from core_api.identity.schemas import Credentials, NewUser, SessionView, SignedIn, TokenView, UserView
from core_api.kit.errors import ServiceError, Unauthenticated
from core_api.kit.web import SESSION_COOKIE, CurrentUser, Db, Runtime, RuntimeDep, current_user, require

router = APIRouter(prefix="/api", tags=["登录"])
Signed = Annotated[CurrentUser, Depends(current_user, scope="function")]
UserAdmin = Annotated[CurrentUser, Depends(require("users.write"), scope="function")]


class TooManyAttempts(ServiceError):
    default_code = "too_many_attempts"
    status = 429
    retryable = True


@router.post("/session")
def sign_in(credentials: Credentials, runtime: RuntimeDep, request: Request, response: Response) -> SessionView:
    """Signs in; the session travels as an HttpOnly cookie."""
    signed = _sign_in(credentials, runtime, "cookie")
    response.set_cookie(
        SESSION_COOKIE,
        signed.token,
        max_age=int(service.SESSION_LIFETIME.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path="/",
    )
    return SessionView(user=signed.user)


@router.get("/session")
def read_session(user: Signed) -> SessionView:
    """Who is signed in."""
    return SessionView(user=service.view(user))


@router.delete("/session", status_code=204)
def sign_out(session: Db, runtime: RuntimeDep, request: Request, response: Response) -> None:
    """Signs out; harmless when nobody is signed in."""
    token = request.cookies.get(SESSION_COOKIE) or request.headers.get("authorization", "")[7:].strip()
    if token:
        service.sign_out(session, token, runtime.clock)
    response.delete_cookie(SESSION_COOKIE, path="/")


@router.post("/tokens", status_code=201)
def make_token(credentials: Credentials, runtime: RuntimeDep) -> TokenView:
    """A bearer token for programs, valid for 30 days."""
    signed = _sign_in(credentials, runtime, "bearer")
    return TokenView(token=signed.token, expires_at=signed.expires_at)


@router.post("/users", status_code=201)
def create_user(new: NewUser, session: Db, runtime: RuntimeDep, user: UserAdmin) -> UserView:
    """Makes an account."""
    made = service.create_user(session, new, runtime.clock)
    audit.record(session, user.id, "user.create", "user", made.id, "新建账号", runtime.clock)
    return made


def _sign_in(credentials: Credentials, runtime: Runtime, kind: Literal["cookie", "bearer"]) -> SignedIn:
    """In a transaction of its own, committed even when refused: failures must be counted.

    Raises:
        TooManyAttempts: Too many wrong passwords; wait.
        Unauthenticated: Name or password wrong.
    """
    with runtime.sessions.begin() as session:
        password = credentials.password.get_secret_value()
        result = service.sign_in(session, credentials.username, password, kind, runtime.clock)
        user_id = result.user.id if isinstance(result, SignedIn) else None
        action = "session.open" if user_id else "session.refuse"
        audit.record(session, user_id, action, "session", "", kind, runtime.clock)
    if isinstance(result, SignedIn):
        return result
    if result.locked:
        raise TooManyAttempts("密码连续输错次数过多，请 15 分钟后再试")
    raise Unauthenticated("用户名或密码不正确", field="password")
