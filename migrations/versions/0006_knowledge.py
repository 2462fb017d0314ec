"""Knowledge: entries with revisions, terms, questions asked, candidates, gold questions, imports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

import core_api.kit.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "knowledge_asked",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("message_id", sa.String(length=80), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.Column("text_sealed", sa.Text(), nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("refer", sa.String(length=16), nullable=True),
        sa.Column("choices", sa.JSON(), nullable=True),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("revision_id", sa.Uuid(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("group_id", sa.Uuid(), nullable=True),
        sa.Column("useful", sa.Boolean(), nullable=True),
        sa.Column("word_sealed", sa.Text(), nullable=True),
        sa.Column("rated_at", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.Column("voter", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_asked")),
        sa.UniqueConstraint("channel", "message_id", name="uq_knowledge_asked_channel_message"),
    )
    op.create_index(op.f("ix_knowledge_asked_at"), "knowledge_asked", ["at"], unique=False)
    op.create_index(op.f("ix_knowledge_asked_conversation_id"), "knowledge_asked", ["conversation_id"], unique=False)
    op.create_index("ix_knowledge_asked_entry", "knowledge_asked", ["entry_id", "revision", "id"], unique=False)
    op.create_index("ix_knowledge_asked_group", "knowledge_asked", ["group_id", "id"], unique=False)
    op.create_index(op.f("ix_knowledge_asked_patient_id"), "knowledge_asked", ["patient_id"], unique=False)
    op.create_index("ix_knowledge_asked_voter", "knowledge_asked", ["revision_id", "voter"], unique=False)
    op.create_table(
        "knowledge_candidates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("question_sealed", sa.Text(), nullable=False),
        sa.Column("answer_sealed", sa.Text(), nullable=False),
        sa.Column("source_kind", sa.String(length=16), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_candidates")),
        sa.UniqueConstraint("source_kind", "source_id", name="uq_knowledge_candidates_source"),
    )
    op.create_index("ix_knowledge_candidates_status", "knowledge_candidates", ["status", "id"], unique=False)
    op.create_table(
        "knowledge_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("open_status", sa.String(length=16), nullable=True),
        sa.Column("published_id", sa.Uuid(), nullable=True),
        sa.Column("published_number", sa.Integer(), nullable=True),
        sa.Column("newest_number", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(length=300), nullable=False),
        sa.Column("variants_count", sa.Integer(), nullable=False),
        sa.Column("department", sa.String(length=64), nullable=False),
        sa.Column("answer_class", sa.String(length=16), nullable=False),
        sa.Column("valid_until", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.Column("warned_for", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.Column("paused_at", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("owner_name", sa.String(length=120), nullable=True),
        sa.Column("useful_count", sa.Integer(), nullable=False),
        sa.Column("useless_count", sa.Integer(), nullable=False),
        sa.Column("index_version", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.Column("updated_at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_entries")),
        sa.UniqueConstraint("key", name=op.f("uq_knowledge_entries_key")),
    )
    op.create_index(op.f("ix_knowledge_entries_department"), "knowledge_entries", ["department"], unique=False)
    op.create_index(op.f("ix_knowledge_entries_index_version"), "knowledge_entries", ["index_version"], unique=False)
    op.create_index(op.f("ix_knowledge_entries_open_status"), "knowledge_entries", ["open_status"], unique=False)
    op.create_index("ix_knowledge_entries_status", "knowledge_entries", ["status", "valid_until"], unique=False)
    op.create_index("ix_knowledge_entries_updated", "knowledge_entries", ["updated_at", "id"], unique=False)
    op.create_table(
        "knowledge_evaluations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.Column("by_name", sa.String(length=120), nullable=False),
        sa.Column("questions", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("took_seconds", sa.Float(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_evaluations")),
    )
    op.create_index(op.f("ix_knowledge_evaluations_at"), "knowledge_evaluations", ["at"], unique=False)
    op.create_table(
        "knowledge_gold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.String(length=300), nullable=False),
        sa.Column("expected", sa.JSON(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("created_at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_gold")),
    )
    op.create_table(
        "knowledge_imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(length=160), nullable=False),
        sa.Column("at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_imports")),
    )
    op.create_table(
        "knowledge_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("terms_version", sa.BigInteger(), nullable=False),
        sa.Column("tuning", sa.JSON(), nullable=True),
        sa.Column("changed_at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_state")),
    )
    op.create_table(
        "knowledge_terms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("term", sa.String(length=64), nullable=False),
        sa.Column("alternatives", sa.JSON(), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("updated_at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.Column("updated_by_name", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_terms")),
        sa.UniqueConstraint("kind", "term", name="uq_knowledge_terms_kind_term"),
    )
    op.create_table(
        "knowledge_unanswered",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("text_sealed", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("first_at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.Column("last_at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_unanswered")),
    )
    op.create_index("ix_knowledge_unanswered_count", "knowledge_unanswered", ["status", "count", "id"], unique=False)
    op.create_index("ix_knowledge_unanswered_last", "knowledge_unanswered", ["status", "last_at", "id"], unique=False)
    op.create_table(
        "knowledge_revisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("question", sa.String(length=300), nullable=False),
        sa.Column("variants", sa.JSON(), nullable=False),
        sa.Column(
            "text_chat",
            sa.Text().with_variant(mysql.MEDIUMTEXT(), "mariadb").with_variant(mysql.MEDIUMTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column("text_voice", sa.Text(), nullable=False),
        sa.Column("links", sa.JSON(), nullable=False),
        sa.Column("pictures", sa.JSON(), nullable=False),
        sa.Column("department", sa.String(length=64), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("answer_class", sa.String(length=16), nullable=False),
        sa.Column("valid_from", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.Column("valid_until", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("author_name", sa.String(length=120), nullable=False),
        sa.Column("change_note", sa.String(length=500), nullable=False),
        sa.Column("created_at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.Column("submitted_at", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=True),
        sa.Column("reviewer_name", sa.String(length=120), nullable=True),
        sa.Column("review_note", sa.String(length=500), nullable=False),
        sa.Column("reviewed_at", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.Column("publish_reason", sa.String(length=500), nullable=False),
        sa.Column("published_at", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.Column("retired_at", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["knowledge_entries.id"], name=op.f("fk_knowledge_revisions_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_revisions")),
        sa.UniqueConstraint("entry_id", "number", name="uq_knowledge_revisions_entry_number"),
    )


def downgrade() -> None:
    op.drop_table("knowledge_revisions")
    op.drop_table("knowledge_asked")
    op.drop_table("knowledge_candidates")
    op.drop_table("knowledge_entries")
    op.drop_table("knowledge_evaluations")
    op.drop_table("knowledge_gold")
    op.drop_table("knowledge_imports")
    op.drop_table("knowledge_state")
    op.drop_table("knowledge_terms")
    op.drop_table("knowledge_unanswered")
