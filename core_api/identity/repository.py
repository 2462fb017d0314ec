"""Queries of accounts and sessions."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from core_api.identity.models import SignInFailure, User, UserSession

_BY_TOKEN = (
    select(User.id, User.username, User.display_name, User.roles)
    .join(UserSession, UserSession.user_id == User.id)
    .where(
        UserSession.token_hash == bindparam("token_hash"),
        UserSession.revoked_at.is_(None),
        UserSession.expires_at > bindparam("now"),
        User.active.is_(True),
    )
)


class Holder(NamedTuple):
    """The account behind a token."""

    id: UUID
    username: str
    display_name: str
    roles: list[str]


def by_username(session: Session, username: str) -> User | None:
    """The account of that name."""
    return session.scalar(select(User).where(User.username == username))


def by_id(session: Session, user_id: UUID) -> User | None:
    """The account of that id."""
    return session.get(User, user_id)


def by_token(session: Session, token_hash: str, now: datetime) -> Holder | None:
    """The active account whose live session has that token; asked anew each time, so that an end counts at once."""
    row = session.execute(_BY_TOKEN, {"token_hash": token_hash, "now": now}).first()
    return None if row is None else Holder(*row)


def revoke(session: Session, token_hash: str, now: datetime) -> None:
    """Ends one session."""
    session.execute(
        update(UserSession)
        .where(UserSession.token_hash == token_hash, UserSession.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def revoke_all(session: Session, user_id: UUID, now: datetime) -> None:
    """Ends every session of an account."""
    session.execute(
        update(UserSession)
        .where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def failure(session: Session, name_hash: str) -> SignInFailure | None:
    """The count of failures of a name."""
    return session.get(SignInFailure, name_hash, with_for_update=True)


def forget_failures(session: Session, name_hash: str) -> None:
    """Clears a name's count."""
    session.execute(delete(SignInFailure).where(SignInFailure.name_hash == name_hash))


def any_user(session: Session) -> bool:
    """Whether there is any account."""
    return session.scalar(select(User.id).limit(1)) is not None


def active(session: Session) -> list[User]:
    """Every active account by display name."""
    return list(session.scalars(select(User).where(User.active.is_(True)).order_by(User.display_name, User.id)))


def by_ids(session: Session, user_ids: Collection[UUID]) -> list[User]:
    """The accounts of those ids, active or not."""
    return list(session.scalars(select(User).where(User.id.in_(user_ids))))


def with_sessions(session: Session, user_ids: Collection[UUID], now: datetime) -> set[UUID]:
    """Which of the accounts have a live session."""
    row = UserSession
    live = (row.user_id.in_(user_ids), row.revoked_at.is_(None), row.expires_at > now)
    return set(session.scalars(select(row.user_id).where(*live)))
