"""Queries of people on WeChat and of access tokens."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from assistant.channels.wechat.models import ContactRow, TokenRow
from assistant.channels.wechat.schemas import Contact
from core_api.kit.crypto import blind, seal, unseal
from core_api.kit.db import new_id

OPENID = "wechat_contacts.openid"
TOKEN = "wechat_tokens.token"  # noqa: S105 - a column's name


def contact(session: Session, account: str, openid: str) -> Contact | None:
    """The person of an open id."""
    wanted = (ContactRow.account == account, ContactRow.openid_blind == _blind(session, account, openid))
    row = session.scalar(select(ContactRow).where(*wanted).execution_options(populate_existing=True))
    return None if row is None else _contact(session, row)


def contact_by_id(session: Session, contact_id: UUID) -> Contact | None:
    row = session.get(ContactRow, contact_id, populate_existing=True)
    return None if row is None else _contact(session, row)


def contact_of(session: Session, conversation_id: UUID) -> Contact | None:
    """The person of a conversation."""
    query = select(ContactRow).where(ContactRow.conversation_id == conversation_id)
    row = session.scalar(query.execution_options(populate_existing=True))
    return None if row is None else _contact(session, row)


def identified_as(session: Session, patient_id: UUID, now: datetime) -> list[Contact]:
    """Everybody who is known as a patient, who wrote last first."""
    row = ContactRow
    query = select(row).where(row.patient_id == patient_id, row.identified_until > now)
    return [_contact(session, one) for one in session.scalars(query.order_by(row.last_inbound_at.desc()))]


def add_contact(
    session: Session, account: str, openid: str, conversation_id: UUID, replies: int, now: datetime
) -> UUID:
    contact_id = new_id()
    session.add(
        ContactRow(
            id=contact_id,
            account=account,
            openid_blind=_blind(session, account, openid),
            openid_sealed=seal(session, OPENID, contact_id, openid),
            conversation_id=conversation_id,
            last_inbound_at=now,
            replies_left=replies,
            sent_seq=0,
            tries=0,
            held=False,
            created_at=now,
        )
    )
    session.flush()
    return contact_id


def change(session: Session, contact_id: UUID, values: Mapping[str, object]) -> None:
    statement = update(ContactRow).where(ContactRow.id == contact_id).values(**values)
    session.execute(statement.execution_options(synchronize_session=False))


def mark_due(session: Session, conversation_id: UUID, now: datetime) -> None:
    """Something waits to be sent in a conversation."""
    wanted = (ContactRow.conversation_id == conversation_id, ContactRow.held.is_(False))
    statement = update(ContactRow).where(*wanted).values(due_at=now)
    session.execute(statement.execution_options(synchronize_session=False))


def due(session: Session, now: datetime, limit: int) -> list[UUID]:
    """People for whom something waits and nobody is sending."""
    row = ContactRow
    free = or_(row.leased_until.is_(None), row.leased_until < now)
    query = select(row.id).where(row.due_at <= now, free).order_by(row.due_at).limit(limit)
    return list(session.scalars(query))


def lease(session: Session, contact_id: UUID, now: datetime, until: datetime) -> bool:
    """Takes a person for sending; of two processes one gets it."""
    row = ContactRow
    free = or_(row.leased_until.is_(None), row.leased_until < now)
    statement = update(row).where(row.id == contact_id, row.due_at <= now, free).values(leased_until=until)
    result = session.execute(statement.execution_options(synchronize_session=False))
    return bool(getattr(result, "rowcount", 0))


def release(session: Session, contact_id: UUID, seen_due_at: datetime | None) -> None:
    """Ends the lease; what became due since `seen_due_at` stays due."""
    row = ContactRow
    done = update(row).where(row.id == contact_id, row.due_at == seen_due_at).values(due_at=None)
    session.execute(done.execution_options(synchronize_session=False))
    change(session, contact_id, {"leased_until": None})


def token(session: Session, account: str, now: datetime) -> str | None:
    """An access token that is still good."""
    row = session.scalar(select(TokenRow).where(TokenRow.account == account).execution_options(populate_existing=True))
    if row is None or row.expires_at <= now:
        return None
    return unseal(session, TOKEN, row.id, row.token_sealed)


def save_token(session: Session, account: str, value: str, expires_at: datetime) -> None:
    row = session.scalar(select(TokenRow).where(TokenRow.account == account))
    if row is None:
        row = TokenRow(id=new_id(), account=account)
        session.add(row)
    row.token_sealed = seal(session, TOKEN, row.id, value) or ""
    row.expires_at = expires_at
    session.flush()


def _blind(session: Session, account: str, openid: str) -> str:
    return blind(session, "wechat.openid", f"{account}:{openid}")


def _contact(session: Session, row: ContactRow) -> Contact:
    plain = {name: getattr(row, name) for name in Contact.model_fields if name != "openid"}
    return Contact(**plain, openid=unseal(session, OPENID, row.id, row.openid_sealed) or "")
