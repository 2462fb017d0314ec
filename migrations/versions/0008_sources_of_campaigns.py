"""A campaign has a source; promised calls are found at once."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Campaigns that are there have none, which means plan tasks."""
    op.add_column("campaigns", sa.Column("source", sa.JSON(), nullable=True))
    op.create_index("ix_campaign_targets_promised", "campaign_targets", ["campaign_id", "callback_at"])


def downgrade() -> None:
    """Takes it back."""
    op.drop_index("ix_campaign_targets_promised", table_name="campaign_targets")
    op.drop_column("campaigns", "source")
