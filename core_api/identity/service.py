"""Signing in, sessions and accounts."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy.orm import Session

from core_api.identity import repository, rules
from core_api.identity.models import SignInFailure, User, UserSession
from core_api.identity.repository import Holder
from core_api.identity.schemas import NewUser, Refused, SignedIn, StaffView, UserView
from core_api.kit.clock import Clock, SystemClock
from core_api.kit.crypto import blind
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict, Invalid
from core_api.kit.web import CurrentUser

SESSION_LIFETIME = timedelta(hours=12)
TOKEN_LIFETIME = timedelta(days=30)
TOKEN_BYTES = 32
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
PASSWORD_LENGTH = 12
DEMO_USERS = (
    ("admin", "系统管理员", rules.ADMINISTRATOR),
    ("nurse", "随访护士", rules.NURSE),
    ("doctor", "值班医生", rules.CLINICIAN),
    ("auditor", "审计员", rules.AUDITOR),
    ("editor", "知识编辑", rules.KNOWLEDGE_EDITOR),
)

_hasher = PasswordHasher()


def sign_in(
    session: Session, username: str, password: str, kind: Literal["cookie", "bearer"], clock: Clock
) -> SignedIn | Refused:
    """Checks a password and opens a session.

    Args:
        session: The caller commits it whatever the result, so that failures are counted.
        username: As typed.
        password: As typed.
        kind: "cookie" lives 12 hours, "bearer" 30 days.
        clock: Tells now.

    Returns:
        The session with its token (kept only as a hash), or the refusal.
    """
    now = clock.now()
    name = username.strip().lower()
    name_hash = blind(session, "sign_in.name", name)
    count = repository.failure(session, name_hash)
    if count is not None and rules.is_locked(count.failures, count.first_at, now):
        return Refused(locked=True)
    user = repository.by_username(session, name)
    if not _password_fits(user, password) or user is None or not user.active:
        return Refused(locked=_count_failure(session, count, name_hash, now))
    repository.forget_failures(session, name_hash)
    return _open(session, user, kind, now)


def authenticate(session: Session, token: str, clock: Clock | None = None) -> CurrentUser | None:
    """The user of a live token; None when it is unknown, expired, ended, or its account is inactive."""
    user = repository.by_token(session, _hash(token), (clock or SystemClock()).now())
    return None if user is None else current_user(user)


def sign_out(session: Session, token: str, clock: Clock) -> None:
    """Ends the token's session; an unknown token is already out."""
    repository.revoke(session, _hash(token), clock.now())


def create_user(session: Session, new: NewUser, clock: Clock) -> UserView:
    """Makes an account.

    Raises:
        Conflict: The name is taken.
        Invalid: A role does not exist.
    """
    if rules.unknown_roles(new.roles):
        raise Invalid("没有这个角色", field="roles")
    if repository.by_username(session, new.username) is not None:
        raise Conflict("用户名已被使用", field="username")
    user = User(
        id=new_id(),
        username=new.username,
        display_name=new.display_name,
        password_hash=_hasher.hash(new.password.get_secret_value()),
        roles=list(new.roles),
        active=True,
        created_at=clock.now(),
    )
    session.add(user)
    session.flush()
    return view(user)


def set_password(session: Session, user_id: UUID, password: str, clock: Clock) -> None:
    """Replaces a password and ends the account's sessions.

    Raises:
        Invalid: No such account.
    """
    user = repository.by_id(session, user_id)
    if user is None:
        raise Invalid("没有这个账号", field="user_id")
    user.password_hash = _hasher.hash(password)
    repository.revoke_all(session, user_id, clock.now())


def user_id_of(session: Session, username: str) -> UUID | None:
    """The id of the account of that name."""
    user = repository.by_username(session, username.strip().lower())
    return None if user is None else user.id


def staff(session: Session) -> list[StaffView]:
    """Everybody with an active account."""
    return [_staff(user) for user in repository.active(session)]


def staff_names(session: Session, user_ids: Collection[UUID]) -> dict[UUID, str]:
    """Display names by id; unknown ids are left out."""
    return {user.id: user.display_name for user in repository.by_ids(session, user_ids)} if user_ids else {}


def signed_in(session: Session, user_ids: Collection[UUID], clock: Clock) -> set[UUID]:
    """Which of the accounts have a live session."""
    return repository.with_sessions(session, user_ids, clock.now()) if user_ids else set()


def seed_demo_users(session: Session, clock: Clock) -> list[tuple[str, str, str]]:
    """Makes the demo accounts, one per role, in a database that has no account yet.

    Returns:
        (username, password, role); the passwords exist nowhere else. Empty when there are accounts.
    """
    if repository.any_user(session):
        return []
    made = []
    for username, display_name, role in DEMO_USERS:
        password = new_password()
        create_user(
            session,
            NewUser.model_validate(
                {"username": username, "display_name": display_name, "password": password, "roles": (role,)}
            ),
            clock,
        )
        made.append((username, password, role))
    return made


def new_password() -> str:
    """A random password without letters that look alike, about 59 bits."""
    return "".join(secrets.choice(LETTERS) for _ in range(PASSWORD_LENGTH))


def current_user(user: User | Holder) -> CurrentUser:
    """The account with what it may do."""
    return CurrentUser(
        id=user.id,
        username=user.username,
        display_name=user.display_name,
        roles=tuple(user.roles),
        permissions=rules.permissions_of(user.roles),
    )


def view(user: User | CurrentUser) -> UserView:
    """The account as its owner sees it."""
    return UserView(
        id=user.id,
        username=user.username,
        display_name=user.display_name,
        roles=tuple(user.roles),
        permissions=tuple(sorted(rules.permissions_of(tuple(user.roles)))),
    )


def _staff(user: User) -> StaffView:
    return StaffView(id=user.id, display_name=user.display_name, roles=tuple(user.roles))


def _open(session: Session, user: User, kind: str, now: datetime) -> SignedIn:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    expires_at = now + (SESSION_LIFETIME if kind == "cookie" else TOKEN_LIFETIME)
    session.add(
        UserSession(
            id=new_id(), user_id=user.id, token_hash=_hash(token), kind=kind, created_at=now, expires_at=expires_at
        )
    )
    return SignedIn(user=view(user), token=token, expires_at=expires_at)


def _count_failure(session: Session, count: SignInFailure | None, name_hash: str, now: datetime) -> bool:
    """Counts one more failure; True when the name is locked from now on."""
    if count is None:
        count = SignInFailure(name_hash=name_hash, failures=0, first_at=now)
        session.add(count)
    count.failures, count.first_at = rules.count_after_failure(count.failures, count.first_at, now)
    return rules.is_locked(count.failures, count.first_at, now)


def _password_fits(user: User | None, password: str) -> bool:
    """Verifies against a dummy hash when there is no account, so that names cannot be told by timing."""
    try:
        return _hasher.verify(user.password_hash if user else _dummy_hash(), password) and user is not None
    except (Argon2Error, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _dummy_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe(TOKEN_BYTES))


def _hash(token: str) -> str:
    """SHA-256 suffices: tokens are 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()
