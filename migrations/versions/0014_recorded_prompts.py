"""Staff's recordings of fixed prompts.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

from core_api.kit.db import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "prompt_recordings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("content_key", sa.String(length=64), nullable=False),
        sa.Column("voice", sa.String(length=8), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.Column("uploaded_by_id", sa.Uuid(), nullable=False),
        sa.Column("uploaded_by", sa.String(length=120), nullable=False),
        sa.Column("reviewed_at", UtcDateTime(), nullable=True),
        sa.Column("reviewed_by_id", sa.Uuid(), nullable=True),
        sa.Column("reviewed_by", sa.String(length=120), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt_recordings")),
    )
    op.create_index("ix_prompt_recordings_key", "prompt_recordings", ["content_key", "state"])
    op.create_index(op.f("ix_prompt_recordings_state"), "prompt_recordings", ["state"])


def downgrade() -> None:
    op.drop_table("prompt_recordings")
