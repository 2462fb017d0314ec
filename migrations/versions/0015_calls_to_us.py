"""Calls to us: they have no patient until the caller has said who they are; a number's calls are found by its index.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

INDEX = "ix_calls_phone_index"


def upgrade() -> None:
    with op.batch_alter_table("calls") as calls:
        calls.alter_column("patient_id", existing_type=sa.Uuid(), nullable=True)
    op.create_index(INDEX, "calls", ["phone_index", "created_at"])


def downgrade() -> None:
    """Calls of nobody known must have been removed before."""
    op.drop_index(INDEX, "calls")
    with op.batch_alter_table("calls") as calls:
        calls.alter_column("patient_id", existing_type=sa.Uuid(), nullable=False)
