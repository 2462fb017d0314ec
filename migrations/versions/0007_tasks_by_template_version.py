"""A task knows the template version that made it and staff's note; a template version knows who put it in force."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SHIPPED = ("insemination", "ivf", "kidney_transplant", "liver_transplant", "waiting_list")
TEMPLATES = sa.table("plan_templates", *(sa.column(name) for name in ("key", "version", "origin")))
PLANS = sa.table("plans", sa.column("id"), sa.column("template_version"))
TASKS = sa.table("tasks", sa.column("plan_id"), sa.column("template_version"))
OLD, NEW = "uq_tasks_plan_node_occurrence", "uq_tasks_plan_node_version_occurrence"


def upgrade() -> None:
    """The first version of a shipped key came from the library, later ones from the hospital."""
    op.add_column("plan_templates", sa.Column("origin", sa.String(16), nullable=False, server_default="hospital"))
    shipped = (TEMPLATES.c.version == 1) & TEMPLATES.c.key.in_(SHIPPED)
    op.execute(TEMPLATES.update().where(shipped).values(origin="library"))
    op.add_column("tasks", sa.Column("template_version", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("tasks", sa.Column("note_sealed", sa.Text(), nullable=True))
    made_by = sa.select(PLANS.c.template_version).where(PLANS.c.id == TASKS.c.plan_id).scalar_subquery()
    op.execute(TASKS.update().values(template_version=sa.func.coalesce(made_by, 0)))
    with op.batch_alter_table("tasks") as tasks:
        tasks.create_unique_constraint(NEW, ["plan_id", "node_key", "template_version", "occurrence"])
        tasks.drop_constraint(OLD, type_="unique")


def downgrade() -> None:
    """Takes it all back; rounds of several versions must have been removed before."""
    with op.batch_alter_table("tasks") as tasks:
        tasks.create_unique_constraint(OLD, ["plan_id", "node_key", "occurrence"])
        tasks.drop_constraint(NEW, type_="unique")
    op.drop_column("tasks", "note_sealed")
    op.drop_column("tasks", "template_version")
    op.drop_column("plan_templates", "origin")
