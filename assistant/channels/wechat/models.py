"""People on WeChat and the accounts' access tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Integer, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime


class ContactRow(Base):
    """A person of one account. The open id is sealed and found by its blind index.

    `patient_id` is who they said they are, and showed, until `identified_until`. `due_at` is set while something waits
    to be sent; `leased_until` while a process is sending it.
    """

    __tablename__ = "wechat_contacts"
    __table_args__ = (UniqueConstraint("account", "openid_blind", name="uq_wechat_contacts_account_openid_blind"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account: Mapped[str] = mapped_column(String(32))
    openid_blind: Mapped[str] = mapped_column(String(64))
    openid_sealed: Mapped[str] = mapped_column(Text)
    conversation_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    patient_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    identified_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_inbound_at: Mapped[datetime] = mapped_column(UtcDateTime)
    replies_left: Mapped[int] = mapped_column(Integer)
    sent_seq: Mapped[int] = mapped_column(Integer)
    tries: Mapped[int] = mapped_column(Integer)
    held: Mapped[bool] = mapped_column(Boolean)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TokenRow(Base):
    """An account's access token, sealed; shared by all processes, as a new one ends the old."""

    __tablename__ = "wechat_tokens"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account: Mapped[str] = mapped_column(String(32), unique=True)
    token_sealed: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
