"""Calls that people dial by hand, beside the campaigns' own: no patient and no number is called twice at once.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

from core_api.kit.db import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ATTEMPT_KEY, ATTEMPT_INDEX, INDEX = "fk_live_calls_attempt_id", "ix_live_calls_attempt_id", "ix_live_calls_call_id"


def upgrade() -> None:
    with op.batch_alter_table("calls") as calls:
        calls.add_column(sa.Column("dialled_by_id", sa.Uuid(), nullable=True))
        calls.add_column(sa.Column("caller_id", sa.String(length=20), nullable=True))
        calls.add_column(sa.Column("held_at", sa.String(length=200), nullable=True))
    with op.batch_alter_table("live_calls") as live_calls:
        live_calls.drop_constraint(ATTEMPT_KEY, type_="foreignkey")
        live_calls.drop_index(ATTEMPT_INDEX)
        live_calls.alter_column(
            "attempt_id", new_column_name="call_id", existing_type=sa.Uuid(), existing_nullable=False
        )
    op.create_index(INDEX, "live_calls", ["call_id"])
    op.create_table(
        "staff_dials",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("source_kind", sa.String(length=16), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("overridden", sa.String(length=200), nullable=False),
        sa.Column("reason_sealed", sa.Text(), nullable=True),
        sa.Column("dialled_at", UtcDateTime(), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=True),
        sa.Column("call_back_at", UtcDateTime(), nullable=True),
        sa.Column("note_sealed", sa.Text(), nullable=True),
        sa.Column("noted_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_dials")),
    )
    op.create_index("ix_staff_dials_patient_id", "staff_dials", ["patient_id", "id"])


def downgrade() -> None:
    """No call may be under way."""
    op.drop_index("ix_staff_dials_patient_id", "staff_dials")
    op.drop_table("staff_dials")
    op.drop_index(INDEX, "live_calls")
    with op.batch_alter_table("live_calls") as live_calls:
        live_calls.alter_column(
            "call_id", new_column_name="attempt_id", existing_type=sa.Uuid(), existing_nullable=False
        )
        live_calls.create_index(ATTEMPT_INDEX, ["attempt_id"])
        live_calls.create_foreign_key(ATTEMPT_KEY, "attempts", ["attempt_id"], ["id"])
    with op.batch_alter_table("calls") as calls:
        calls.drop_column("held_at")
        calls.drop_column("caller_id")
        calls.drop_column("dialled_by_id")
