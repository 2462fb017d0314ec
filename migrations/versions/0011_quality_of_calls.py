"""How calls went technically, and the shape of their recordings.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

from core_api.kit.db import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recordings", sa.Column("waveform_sealed", sa.Text(), nullable=True))
    op.create_table(
        "call_quality",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("grade", sa.String(length=8), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("measured_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_call_quality_call_id")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_call_quality")),
    )
    op.create_index("ix_call_quality_grade", "call_quality", ["grade", "call_id"])


def downgrade() -> None:
    op.drop_table("call_quality")
    op.drop_column("recordings", "waveform_sealed")
