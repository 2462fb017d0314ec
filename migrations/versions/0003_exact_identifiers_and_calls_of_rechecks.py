"""Identifiers from outside differ by case on MariaDB too; a recheck knows its call, a response its source."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

EXACT = (
    ("patients", "record_number", 64),
    ("storage_contracts", "contract_number", 64),
    ("observations", "sample_number", 64),
    ("observations", "code", 32),
    ("treatment_events", "source_key", 120),
    ("messages", "dedupe_key", 80),
)


def upgrade() -> None:
    """Adds the columns; on MariaDB sets the collation, elsewhere text is exact already."""
    op.add_column("rechecks", sa.Column("call_id", sa.Uuid(), nullable=True))
    op.add_column("responses", sa.Column("source_key", sa.String(64), nullable=True))
    op.create_index("ix_responses_source_key", "responses", ["source_key"], unique=True)
    _collate("utf8mb4_bin")


def downgrade() -> None:
    """Takes it all back."""
    _collate("utf8mb4_general_ci")
    op.drop_index("ix_responses_source_key", table_name="responses")
    op.drop_column("responses", "source_key")
    op.drop_column("rechecks", "call_id")


def _collate(collation: str) -> None:
    if op.get_bind().dialect.name not in {"mysql", "mariadb"}:
        return
    for table, column, length in EXACT:
        kind = f"VARCHAR({length}) CHARACTER SET utf8mb4 COLLATE {collation} NOT NULL"
        op.execute(sa.text(f"ALTER TABLE {table} MODIFY {column} {kind}"))
