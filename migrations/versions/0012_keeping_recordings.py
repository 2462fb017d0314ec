"""How long recordings are kept, and which are held.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

from core_api.kit.db import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COLUMNS = ("kind", "removed_at", "held_at", "held_by_id", "hold_reason_sealed")


def upgrade() -> None:
    op.add_column("recordings", sa.Column("kind", sa.String(length=64), nullable=True))
    op.add_column("recordings", sa.Column("removed_at", UtcDateTime(), nullable=True))
    op.add_column("recordings", sa.Column("held_at", UtcDateTime(), nullable=True))
    op.add_column("recordings", sa.Column("held_by_id", sa.Uuid(), nullable=True))
    op.add_column("recordings", sa.Column("hold_reason_sealed", sa.Text(), nullable=True))
    op.create_index("ix_recordings_kept", "recordings", ["state", "created_at", "call_id"])


def downgrade() -> None:
    op.drop_index("ix_recordings_kept", table_name="recordings")
    for name in COLUMNS:
        op.drop_column("recordings", name)
