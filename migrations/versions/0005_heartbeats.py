"""Heartbeats of imports and calls: what a killed process held is noticed, and what another one holds is left alone."""

import sqlalchemy as sa
from alembic import op

from core_api.kit.db import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_runs", sa.Column("heartbeat_at", UtcDateTime(), nullable=True))
    op.add_column("calls", sa.Column("media_seen_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("calls", "media_seen_at")
    op.drop_column("import_runs", "heartbeat_at")
