"""Conversations have a standing and numbered messages.

Revision ID: 0002
Revises: 0001
"""

from itertools import groupby

import sqlalchemy as sa
from alembic import op

from core_api.kit.db import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIMES = ("last_message_at", "opened_at", "waiting_since", "first_reply_at", "snoozed_until", "resolved_at")


def upgrade() -> None:
    op.add_column("conversations", sa.Column("department", sa.String(length=64), nullable=True))
    op.add_column("conversations", sa.Column("status", sa.String(length=12), nullable=False, server_default="pending"))
    op.add_column("conversations", sa.Column("last_seq", sa.Integer(), nullable=False, server_default="0"))
    for name in TIMES:
        op.add_column("conversations", sa.Column(name, UtcDateTime(), nullable=True))
    op.create_index("ix_conversations_status", "conversations", ["status", "last_message_at"])
    op.create_index(op.f("ix_conversations_owner_id"), "conversations", ["owner_id"])
    op.create_index(op.f("ix_conversations_snoozed_until"), "conversations", ["snoozed_until"])
    op.add_column("messages", sa.Column("seq", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("messages", sa.Column("kind", sa.String(length=16), nullable=False, server_default="text"))
    for name in ("author_id", "reply_to_id", "file_id"):
        op.add_column("messages", sa.Column(name, sa.Uuid(), nullable=True))
    op.add_column("messages", sa.Column("useful", sa.Boolean(), nullable=True))
    op.add_column("messages", sa.Column("answer_due_at", UtcDateTime(), nullable=True))
    _number()
    op.create_index("ix_messages_conversation_id_seq", "messages", ["conversation_id", "seq"], unique=True)
    op.create_index(op.f("ix_messages_answer_due_at"), "messages", ["answer_due_at"])


def _number() -> None:
    """Numbers the messages that are there, in the order of their ids."""
    connection = op.get_bind()
    messages = sa.table("messages", sa.column("id"), sa.column("conversation_id"), sa.column("seq"), sa.column("at"))
    conversations = sa.table("conversations", sa.column("id"), sa.column("last_seq"), sa.column("last_message_at"))
    rows = connection.execute(
        sa.select(messages.c.conversation_id, messages.c.id, messages.c.at).order_by(
            messages.c.conversation_id, messages.c.id
        )
    ).all()
    number = sa.update(messages).where(messages.c.id == sa.bindparam("key")).values(seq=sa.bindparam("number"))
    last = (
        sa.update(conversations)
        .where(conversations.c.id == sa.bindparam("key"))
        .values(last_seq=sa.bindparam("number"), last_message_at=sa.bindparam("latest"))
    )
    for conversation_id, group in groupby(rows, key=lambda row: row[0]):
        numbered = list(enumerate(group, start=1))
        connection.execute(number, [{"key": row[1], "number": seq} for seq, row in numbered])
        latest = max(row[2] for _, row in numbered)
        connection.execute(last, [{"key": conversation_id, "number": len(numbered), "latest": latest}])


def downgrade() -> None:
    op.drop_index(op.f("ix_messages_answer_due_at"), table_name="messages")
    op.drop_index("ix_messages_conversation_id_seq", table_name="messages")
    for name in ("seq", "kind", "author_id", "reply_to_id", "file_id", "useful", "answer_due_at"):
        op.drop_column("messages", name)
    for name in ("snoozed_until", "owner_id", "status"):
        op.drop_index(f"ix_conversations_{name}", table_name="conversations")
    for name in ("department", "status", "last_seq", *TIMES):
        op.drop_column("conversations", name)
