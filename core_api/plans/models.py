"""Tables of plans: template versions, a patient's plans, their tasks."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from core_api.kit.db import Base, UtcDateTime, new_id


class PlanTemplate(Base):
    """One version of a template; the highest version of a key is in force."""

    __tablename__ = "plan_templates"
    __table_args__ = (UniqueConstraint("key", "version", name="uq_plan_templates_key_version"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer)
    origin: Mapped[str] = mapped_column(String(16))
    definition: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Plan(Base):
    """One patient's copy of a template for one anchor event; a plan drawn up by hand has neither."""

    __tablename__ = "plans"
    __table_args__ = (
        UniqueConstraint("patient_id", "template_key", "anchor_event_id", name="uq_plans_patient_template_anchor"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    template_key: Mapped[str] = mapped_column(String(64))
    template_version: Mapped[int | None] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(80))
    status: Mapped[str] = mapped_column(String(16))
    anchor_kind: Mapped[str] = mapped_column(String(32))
    anchor_event_id: Mapped[UUID | None] = mapped_column(Uuid)
    anchor_on: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Task(Base):
    """One due item, as the template version says that it was made by (0: no template).

    Stored states are never `due`: that is `planned` from its due date on.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint(
            "plan_id", "node_key", "template_version", "occurrence", name="uq_tasks_plan_node_version_occurrence"
        ),
        Index("ix_tasks_status_due", "status", "due_on", "id"),
        Index("ix_tasks_due", "due_on", "id"),
        Index("ix_tasks_status_changed", "status", "changed_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plans.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"), index=True)
    template_key: Mapped[str] = mapped_column(String(64))
    node_key: Mapped[str] = mapped_column(String(64))
    template_version: Mapped[int] = mapped_column(Integer, default=0)
    occurrence: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(160))
    questionnaire_key: Mapped[str] = mapped_column(String(64))
    due_on: Mapped[date] = mapped_column(Date)
    opens_on: Mapped[date] = mapped_column(Date)
    expires_on: Mapped[date] = mapped_column(Date)
    priority: Mapped[int] = mapped_column(Integer)
    channel: Mapped[str | None] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(64))
    response_id: Mapped[UUID | None] = mapped_column(Uuid)
    note_sealed: Mapped[str | None] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
