"""Queries of accounts and sessions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core_api.identity.models import SignInFailure, User, UserSession


def by_username(session: Session, username: str) -> User | None:
    """The account of that name."""
    return session.scalar(select(User).where(User.username == username))


def by_id(session: Session, user_id: UUID) -> User | None:
    """The account of that id."""
    return session.get(User, user_id)


def by_token(session: Session, token_hash: str, now: datetime) -> User | None:
    """The active account whose live session has that token."""
    return session.scalar(
        select(User)
        .join(UserSession, UserSession.user_id == User.id)
        .where(
            UserSession.token_hash == token_hash,
            UserSession.revoked_at.is_(None),
            UserSession.expires_at > now,
            User.active.is_(True),
        )
    )


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
