"""Who a person on WeChat is, and records that nobody is identified as online.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

from core_api.kit.db import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("wechat_contacts") as table:
        table.add_column(sa.Column("patient_id", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("identified_until", UtcDateTime(), nullable=True))
    op.create_index(op.f("ix_wechat_contacts_patient_id"), "wechat_contacts", ["patient_id"])
    op.create_table(
        "identification_pauses",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_identification_pauses")),
    )


def downgrade() -> None:
    op.drop_table("identification_pauses")
    op.drop_index(op.f("ix_wechat_contacts_patient_id"), "wechat_contacts")
    with op.batch_alter_table("wechat_contacts") as table:
        table.drop_column("identified_until")
        table.drop_column("patient_id")
