"""Every query of plans and tasks; rows become schemas here.

Lists join `patients` through a table clause of the few columns they show: filters, counts and masked names come in one
query instead of one per row.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Row,
    Select,
    String,
    Uuid,
    and_,
    column,
    func,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.orm import Session

from core_api.kit.crypto import unseal
from core_api.kit.db import add_once, new_id
from core_api.kit.masking import mask_name
from core_api.plans.models import Plan, PlanTemplate, Task
from core_api.plans.rules import shown_status
from core_api.plans.schemas import (
    AnchorEvent,
    DueTask,
    ExistingTask,
    Origin,
    PlannedTask,
    TaskFilter,
    TaskView,
    Template,
    TemplateView,
)

PATIENTS = table(
    "patients",
    column("id", Uuid),
    column("record_number", String),
    column("site", String),
    column("department", String),
    column("stage", String),
    column("name_sealed", String),
    column("deceased", Boolean),
)
OPEN = ("planned", "in_progress")
NOTE = "tasks.note"
TaskRow = Row[Any]


@dataclass(frozen=True)
class PatientFacts:
    """What decides which templates are for a patient."""

    id: UUID
    department: str | None
    stage: str | None
    deceased: bool


def templates(session: Session) -> list[TemplateView]:
    """The version in force of each key."""
    newest = select(PlanTemplate.key, func.max(PlanTemplate.version).label("version")).group_by(PlanTemplate.key)
    latest = newest.subquery()
    rows = session.scalars(
        select(PlanTemplate)
        .join(latest, and_(PlanTemplate.key == latest.c.key, PlanTemplate.version == latest.c.version))
        .order_by(PlanTemplate.key)
    )
    return [
        TemplateView(
            version=r.version,
            template=Template.model_validate(r.definition),
            created_at=r.created_at,
            origin="library" if r.origin == "library" else "hospital",
        )
        for r in rows
    ]


def add_template(session: Session, template: Template, version: int, origin: Origin, now: datetime) -> None:
    definition = template.model_dump(mode="json")
    row = PlanTemplate(key=template.key, version=version, origin=origin, definition=definition, created_at=now)
    session.add(row)
    session.flush()


def template_version(session: Session, key: str, version: int) -> Template | None:
    """One version of a template, in force or not."""
    found = session.scalar(
        select(PlanTemplate.definition).where(PlanTemplate.key == key, PlanTemplate.version == version)
    )
    return None if found is None else Template.model_validate(found)


def patient_facts(session: Session, patient_id: UUID) -> PatientFacts | None:
    row = session.execute(
        select(PATIENTS.c.id, PATIENTS.c.department, PATIENTS.c.stage, PATIENTS.c.deceased).where(
            PATIENTS.c.id == patient_id
        )
    ).first()
    return PatientFacts(*row) if row else None


def patient_ids(session: Session, after: UUID | None, limit: int) -> Sequence[UUID]:
    """The next patients by id."""
    query = select(PATIENTS.c.id).order_by(PATIENTS.c.id).limit(limit)
    return session.scalars(query.where(PATIENTS.c.id > after) if after else query).all()


def patient_count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(PATIENTS)) or 0


def locked_plans(session: Session, patient_id: UUID) -> list[Plan]:
    """A patient's plans; concurrent planners of one patient wait for each other here (on SQLite, at BEGIN)."""
    return list(
        session.scalars(select(Plan).where(Plan.patient_id == patient_id).order_by(Plan.id).with_for_update()).all()
    )


def plans(session: Session, patient_id: UUID) -> list[Plan]:
    return list(session.scalars(select(Plan).where(Plan.patient_id == patient_id).order_by(Plan.anchor_on, Plan.id)))


def add_plan(session: Session, patient_id: UUID, found: TemplateView, anchor: AnchorEvent, now: datetime) -> Plan:
    """Makes the plan, or finds the one that a concurrent planner made first."""
    plan = Plan(
        patient_id=patient_id,
        template_key=found.template.key,
        template_version=found.version,
        title=found.template.title,
        status="active",
        anchor_kind=anchor.kind,
        anchor_event_id=anchor.id,
        anchor_on=anchor.occurred_on,
        created_at=now,
    )
    if not add_once(session, plan):
        return session.scalars(
            select(Plan)
            .where(
                Plan.patient_id == patient_id,
                Plan.template_key == found.template.key,
                Plan.anchor_event_id == anchor.id,
            )
            .with_for_update()
        ).one()
    return plan


def existing_tasks(session: Session, plan_id: UUID) -> list[ExistingTask]:
    """A plan's tasks, locked until the transaction ends."""
    rows = session.scalars(select(Task).where(Task.plan_id == plan_id).with_for_update()).all()
    return [
        ExistingTask(
            id=row.id,
            node_key=row.node_key,
            occurrence=row.occurrence,
            template_version=row.template_version,
            title=row.title,
            questionnaire_key=row.questionnaire_key,
            due_on=row.due_on,
            opens_on=row.opens_on,
            expires_on=row.expires_on,
            priority=row.priority,
            status=row.status,
            reason=row.reason,
        )
        for row in rows
    ]


def add_tasks(session: Session, plan: Plan, planned: Iterable[PlannedTask], now: datetime) -> list[UUID]:
    """Adds tasks of a plan; the caller holds the plan's lock."""
    rows = [
        Task(
            id=new_id(),
            plan_id=plan.id,
            patient_id=plan.patient_id,
            template_key=plan.template_key,
            node_key=task.node_key,
            occurrence=task.occurrence,
            template_version=plan.template_version or 0,
            status="missed" if task.expired else "planned",
            changed_at=now,
            **_dates(task),
        )
        for task in planned
    ]
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


def move_task(session: Session, task_id: UUID, target: PlannedTask, now: datetime) -> None:
    """Gives an untouched task its new date; one that was taken up meanwhile stays."""
    session.execute(
        update(Task)
        .where(Task.id == task_id, Task.status.in_(("planned", "missed", "cancelled")))
        .values(status="planned", reason=None, changed_at=now, **_dates(target))
    )


def close_tasks(session: Session, task_ids: Sequence[UUID], status: str, reason: str | None, now: datetime) -> None:
    """Closes tasks that nobody has taken up."""
    if task_ids:
        session.execute(
            update(Task)
            .where(Task.id.in_(task_ids), Task.status == "planned")
            .values(status=status, reason=reason, changed_at=now)
        )


def open_task_ids(session: Session, patient_id: UUID) -> Sequence[UUID]:
    return session.scalars(select(Task.id).where(Task.patient_id == patient_id, Task.status == "planned")).all()


def expired_own_tasks(session: Session, plan_id: UUID, today: date) -> Sequence[UUID]:
    return session.scalars(
        select(Task.id).where(Task.plan_id == plan_id, Task.status == "planned", Task.expires_on < today)
    ).all()


def done_responses(session: Session, plan_id: UUID, node_keys: Sequence[str]) -> dict[str, UUID]:
    """The response of the latest finished task of each node."""
    rows = session.execute(
        select(Task.node_key, Task.response_id)
        .where(
            Task.plan_id == plan_id,
            Task.node_key.in_(node_keys),
            Task.status == "done",
            Task.response_id.is_not(None),
        )
        .order_by(Task.due_on, Task.occurrence)
    )
    return {node_key: response_id for node_key, response_id in rows if response_id is not None}


def locked_task(session: Session, task_id: UUID) -> Task | None:
    return session.scalars(select(Task).where(Task.id == task_id).with_for_update()).first()


def task_of_response(session: Session, response_id: UUID) -> Task | None:
    return session.scalars(select(Task).where(Task.response_id == response_id)).first()


def plan_of(session: Session, task_id: UUID) -> Plan | None:
    return session.scalars(select(Plan).join(Task, Task.plan_id == Plan.id).where(Task.id == task_id)).first()


def task_row(session: Session, task_id: UUID) -> TaskRow | None:
    return session.execute(_task_query().where(Task.id == task_id)).first()


def view(session: Session, row: TaskRow, today: date) -> TaskView:
    """A row as people see it: name masked, a planned task due from its date on."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row's columns
    name = unseal(session, "patients.name", row.patient_id, values.pop("name_sealed"))
    values["patient_name"] = mask_name(name or "")
    values["status"] = shown_status(row.status, row.due_on, today)
    return TaskView.model_validate(values)


def plan_task_rows(session: Session, patient_id: UUID) -> Sequence[TaskRow]:
    query = _task_query().where(Task.patient_id == patient_id)
    return session.execute(query.order_by(Task.due_on, Task.priority, Task.id)).all()


def list_rows(
    session: Session, conditions: Sequence[ColumnElement[bool]], after: tuple[date, UUID] | None, limit: int
) -> Sequence[TaskRow]:
    """Tasks by due date and id, after the given place."""
    query = _task_query().where(*conditions)
    if after:
        due_on, task_id = after
        query = query.where(or_(Task.due_on > due_on, and_(Task.due_on == due_on, Task.id > task_id)))
    return session.execute(query.order_by(Task.due_on, Task.id).limit(limit)).all()


def campaign_tasks(
    session: Session, conditions: Sequence[ColumnElement[bool]], after_id: UUID | None, limit: int
) -> list[DueTask]:
    """Tasks by id, after the given one; no name is opened for it."""
    query = (
        select(*(Task.__table__.c[name] for name in DueTask.model_fields))
        .join(PATIENTS, PATIENTS.c.id == Task.patient_id)
        .where(*conditions, PATIENTS.c.deceased.is_(False))
    )
    if after_id:
        query = query.where(Task.id > after_id)
    return [DueTask(**row) for row in session.execute(query.order_by(Task.id).limit(limit)).mappings()]


def count(session: Session, conditions: Sequence[ColumnElement[bool]], *, of_patients: bool = False) -> int:
    """How many tasks; `of_patients` when the conditions speak of columns of patients."""
    query = select(func.count()).select_from(Task)
    if of_patients:
        query = query.join(PATIENTS, PATIENTS.c.id == Task.patient_id)
    return session.scalar(query.where(*conditions)) or 0


def conditions_of(wanted: TaskFilter, today: date | None) -> list[ColumnElement[bool]]:
    """A filter as SQL; `today` is needed only for the state `due`."""
    equal = {
        PATIENTS.c.site: wanted.site,
        PATIENTS.c.stage: wanted.stage,
        Task.template_key: wanted.template_key,
        Task.patient_id: wanted.patient_id,
    }
    found: list[ColumnElement[bool]] = [field == value for field, value in equal.items() if value is not None]
    if wanted.patient_ids is not None:
        found.append(Task.patient_id.in_(wanted.patient_ids))
    if wanted.due_from:
        found.append(Task.due_on >= wanted.due_from)
    if wanted.due_to:
        found.append(Task.due_on <= wanted.due_to)
    if wanted.status == "due" and today:
        found += [Task.status == "planned", Task.due_on <= today]
    elif wanted.status == "planned" and today:
        found += [Task.status == "planned", Task.due_on > today]
    elif wanted.status:
        found.append(Task.status == wanted.status)
    return found


def is_open() -> ColumnElement[bool]:
    return Task.status.in_(OPEN)


def callable_on(today: date) -> list[ColumnElement[bool]]:
    """Tasks whose window is open on a day."""
    return [Task.opens_on <= today, Task.expires_on >= today]


def due_by(day: date) -> ColumnElement[bool]:
    return Task.due_on <= day


def done_since(moment: datetime) -> list[ColumnElement[bool]]:
    return [Task.status == "done", Task.changed_at >= moment]


def _task_query() -> Select[Any]:
    return (
        select(
            *(c for c in Task.__table__.columns if c.name not in {"note_sealed", "template_version"}),
            Plan.title.label("template_title"),
            PATIENTS.c.record_number,
            PATIENTS.c.site,
            PATIENTS.c.department,
            PATIENTS.c.stage,
            PATIENTS.c.name_sealed,
        )
        .join(Plan, Plan.id == Task.plan_id)
        .join(PATIENTS, PATIENTS.c.id == Task.patient_id)
    )


def _dates(task: PlannedTask) -> dict[str, Any]:
    return {
        "title": task.title,
        "questionnaire_key": task.questionnaire_key,
        "due_on": task.due_on,
        "opens_on": task.opens_on,
        "expires_on": task.expires_on,
        "priority": task.priority,
    }
