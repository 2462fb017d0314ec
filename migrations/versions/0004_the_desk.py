"""The desk: queues, rota, cases, alarms, replies; revisions of the safety rules.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

import core_api.kit.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_days")),
    )
    op.create_table(
        "desk_agents",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("last_seen_at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.Column("last_assigned_at", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_desk_agents")),
    )
    op.create_table(
        "desk_labels",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("color", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_labels")),
        sa.UniqueConstraint("name", name=op.f("uq_desk_labels_name")),
    )
    op.create_table(
        "desk_ladders",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("deadline_minutes", sa.Integer(), nullable=False),
        sa.Column("repeat_minutes", sa.Integer(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("changed_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_desk_ladders")),
    )
    op.create_table(
        "desk_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("text_sealed", sa.Text(), nullable=False),
        sa.Column("at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_notes")),
    )
    op.create_index(op.f("ix_desk_notes_case_id"), "desk_notes", ["case_id"], unique=False)
    op.create_index("ix_desk_notes_conversation", "desk_notes", ["conversation_id", "id"], unique=False)
    op.create_table(
        "desk_queues",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("department", sa.String(length=64), nullable=False),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("reply_within_minutes", sa.Integer(), nullable=False),
        sa.Column("clock", sa.String(length=8), nullable=False),
        sa.Column("warn_before_minutes", sa.Integer(), nullable=False),
        sa.Column("out_of_hours_text", sa.String(length=500), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_queues")),
        sa.UniqueConstraint("name", name=op.f("uq_desk_queues_name")),
    )
    op.create_table(
        "desk_reads",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "user_id", name=op.f("pk_desk_reads")),
    )
    op.create_table(
        "desk_replies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("shortcut", sa.String(length=30), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("text", sa.String(length=2000), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("updated_at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_replies")),
        sa.UniqueConstraint("owner", "shortcut", name="uq_desk_replies_shortcut"),
    )
    op.create_table(
        "desk_satisfaction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("asked_at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("word_sealed", sa.Text(), nullable=True),
        sa.Column("rated_at", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_satisfaction")),
    )
    op.create_index("ix_desk_satisfaction_conversation", "desk_satisfaction", ["conversation_id", "id"], unique=False)
    op.create_index(op.f("ix_desk_satisfaction_owner_id"), "desk_satisfaction", ["owner_id"], unique=False)
    op.create_table(
        "desk_shifts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("queue_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=True),
        sa.Column("on_day", sa.Date(), nullable=True),
        sa.Column("start_minute", sa.Integer(), nullable=False),
        sa.Column("end_minute", sa.Integer(), nullable=False),
        sa.Column("on_holidays", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("created_at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_shifts")),
    )
    op.create_index("ix_desk_shifts_queue", "desk_shifts", ["queue_id", "kind"], unique=False)
    op.create_index(op.f("ix_desk_shifts_user_id"), "desk_shifts", ["user_id"], unique=False)
    op.create_table(
        "safety_revisions",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column(
            "document",
            sa.Text().with_variant(mysql.MEDIUMTEXT(), "mariadb").with_variant(mysql.MEDIUMTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("shipped", sa.String(length=64), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("publisher_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.Column("published_at", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_safety_revisions")),
    )
    op.create_index(op.f("ix_safety_revisions_status"), "safety_revisions", ["status"], unique=False)
    op.create_table(
        "desk_cases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("urgency", sa.String(length=8), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("department", sa.String(length=64), nullable=False),
        sa.Column("queue_id", sa.Uuid(), nullable=True),
        sa.Column("skill", sa.String(length=32), nullable=True),
        sa.Column("reason_text", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("alert_id", sa.Uuid(), nullable=True),
        sa.Column("source_kind", sa.String(length=32), nullable=False),
        sa.Column("source_id", sa.String(length=80), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("opened_at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.Column("clock", sa.String(length=8), nullable=False),
        sa.Column("due_at", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.Column("warn_at", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.Column("warned_at", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.Column("breached_at", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.Column("acknowledged_at", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.Column("acknowledged_by_id", sa.Uuid(), nullable=True),
        sa.Column("first_reply_at", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.Column("resolved_at", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.Column("resolved_by_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["queue_id"], ["desk_queues.id"], name=op.f("fk_desk_cases_queue_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_cases")),
        sa.UniqueConstraint("alert_id", name=op.f("uq_desk_cases_alert_id")),
        sa.UniqueConstraint("source_kind", "source_id", "kind", name="uq_desk_cases_source"),
    )
    op.create_index("ix_desk_cases_assignee", "desk_cases", ["assignee_id", "status"], unique=False)
    op.create_index("ix_desk_cases_conversation", "desk_cases", ["conversation_id", "status"], unique=False)
    op.create_index("ix_desk_cases_due", "desk_cases", ["status", "breached_at", "due_at"], unique=False)
    op.create_index("ix_desk_cases_open", "desk_cases", ["status", "rank", "opened_at"], unique=False)
    op.create_index(op.f("ix_desk_cases_patient_id"), "desk_cases", ["patient_id"], unique=False)
    op.create_index(op.f("ix_desk_cases_queue_id"), "desk_cases", ["queue_id"], unique=False)
    op.create_index("ix_desk_cases_warn", "desk_cases", ["status", "warned_at", "warn_at"], unique=False)
    op.create_table(
        "desk_conversation_labels",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("label_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["label_id"], ["desk_labels.id"], name=op.f("fk_desk_conversation_labels_label_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("conversation_id", "label_id", name=op.f("pk_desk_conversation_labels")),
    )
    op.create_index(
        op.f("ix_desk_conversation_labels_label_id"), "desk_conversation_labels", ["label_id"], unique=False
    )
    op.create_table(
        "desk_members",
        sa.Column("queue_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["queue_id"], ["desk_queues.id"], name=op.f("fk_desk_members_queue_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("queue_id", "user_id", name=op.f("pk_desk_members")),
    )
    op.create_index(op.f("ix_desk_members_user_id"), "desk_members", ["user_id"], unique=False)
    op.create_table(
        "desk_alarms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(length=16), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("due_at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.Column("repeat_minutes", sa.Integer(), nullable=False),
        sa.Column("told_at", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.Column("cancelled_at", core_api.kit.db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["desk_cases.id"], name=op.f("fk_desk_alarms_case_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_alarms")),
        sa.UniqueConstraint("case_id", "round", "ordinal", name="uq_desk_alarms_step"),
    )
    op.create_index("ix_desk_alarms_due", "desk_alarms", ["told_at", "cancelled_at", "due_at"], unique=False)
    op.create_table(
        "desk_case_flags",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("family", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("rule_key", sa.String(length=80), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", core_api.kit.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["desk_cases.id"], name=op.f("fk_desk_case_flags_case_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_case_flags")),
        sa.UniqueConstraint("case_id", "message_id", "family", name="uq_desk_case_flags_message"),
    )
    op.create_index("ix_desk_case_flags_message", "desk_case_flags", ["message_id"], unique=False)
    op.create_table(
        "desk_alarm_recipients",
        sa.Column("alarm_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["alarm_id"], ["desk_alarms.id"], name=op.f("fk_desk_alarm_recipients_alarm_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("alarm_id", "user_id", name=op.f("pk_desk_alarm_recipients")),
    )
    op.create_index(op.f("ix_desk_alarm_recipients_user_id"), "desk_alarm_recipients", ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_desk_alarm_recipients_user_id"), table_name="desk_alarm_recipients")
    op.drop_table("desk_alarm_recipients")
    op.drop_index("ix_desk_case_flags_message", table_name="desk_case_flags")
    op.drop_table("desk_case_flags")
    op.drop_index("ix_desk_alarms_due", table_name="desk_alarms")
    op.drop_table("desk_alarms")
    op.drop_index(op.f("ix_desk_members_user_id"), table_name="desk_members")
    op.drop_table("desk_members")
    op.drop_index(op.f("ix_desk_conversation_labels_label_id"), table_name="desk_conversation_labels")
    op.drop_table("desk_conversation_labels")
    op.drop_index("ix_desk_cases_warn", table_name="desk_cases")
    op.drop_index(op.f("ix_desk_cases_queue_id"), table_name="desk_cases")
    op.drop_index(op.f("ix_desk_cases_patient_id"), table_name="desk_cases")
    op.drop_index("ix_desk_cases_open", table_name="desk_cases")
    op.drop_index("ix_desk_cases_due", table_name="desk_cases")
    op.drop_index("ix_desk_cases_conversation", table_name="desk_cases")
    op.drop_index("ix_desk_cases_assignee", table_name="desk_cases")
    op.drop_table("desk_cases")
    op.drop_index(op.f("ix_safety_revisions_status"), table_name="safety_revisions")
    op.drop_table("safety_revisions")
    op.drop_index(op.f("ix_desk_shifts_user_id"), table_name="desk_shifts")
    op.drop_index("ix_desk_shifts_queue", table_name="desk_shifts")
    op.drop_table("desk_shifts")
    op.drop_index(op.f("ix_desk_satisfaction_owner_id"), table_name="desk_satisfaction")
    op.drop_index("ix_desk_satisfaction_conversation", table_name="desk_satisfaction")
    op.drop_table("desk_satisfaction")
    op.drop_table("desk_replies")
    op.drop_table("desk_reads")
    op.drop_table("desk_queues")
    op.drop_index("ix_desk_notes_conversation", table_name="desk_notes")
    op.drop_index(op.f("ix_desk_notes_case_id"), table_name="desk_notes")
    op.drop_table("desk_notes")
    op.drop_table("desk_ladders")
    op.drop_table("desk_labels")
    op.drop_table("desk_agents")
    op.drop_table("calendar_days")
