"""People on WeChat and access tokens.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

from core_api.kit.db import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wechat_contacts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("openid_blind", sa.String(length=64), nullable=False),
        sa.Column("openid_sealed", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("last_inbound_at", UtcDateTime(), nullable=False),
        sa.Column("replies_left", sa.Integer(), nullable=False),
        sa.Column("sent_seq", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wechat_contacts")),
        sa.UniqueConstraint("account", "openid_blind", name="uq_wechat_contacts_account_openid_blind"),
    )
    op.create_index(op.f("ix_wechat_contacts_conversation_id"), "wechat_contacts", ["conversation_id"])
    op.create_index(op.f("ix_wechat_contacts_due_at"), "wechat_contacts", ["due_at"])
    op.create_table(
        "wechat_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("token_sealed", sa.Text(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wechat_tokens")),
        sa.UniqueConstraint("account", name=op.f("uq_wechat_tokens_account")),
    )


def downgrade() -> None:
    op.drop_table("wechat_tokens")
    op.drop_table("wechat_contacts")
