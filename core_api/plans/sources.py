"""Queries behind the tasks that campaigns call for; rows stay in this slice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from core_api.kit.db import add_once, new_id
from core_api.plans.models import Plan, Task
from core_api.plans.repository import OPEN, PATIENTS
from core_api.plans.schemas import MADE_BY_CAMPAIGNS, OwnPlanIn, TaskFilter
from core_api.plans.source_schemas import CalledFor, FinishedEpisode

NODE = "call"
PRIORITY = 60
NO_EPISODE = (*MADE_BY_CAMPAIGNS, "own", "discharge_satisfaction")
"""Plans whose end asks for no satisfaction call."""


@dataclass(frozen=True)
class FoundTask:
    """A task of an earlier round of planning."""

    id: UUID
    open: bool


def plan_for(session: Session, wanted: CalledFor, now: datetime) -> UUID:
    """The patient's plan about something, made where it is missing; of two planners at once one makes it."""
    found = _plan_id(session, wanted)
    if found is not None:
        return found
    plan = Plan(
        id=new_id(),
        patient_id=wanted.patient_id,
        template_key=wanted.plan_key,
        title=wanted.title,
        status="active",
        anchor_kind=wanted.plan_key,
        anchor_event_id=wanted.anchor_id,
        created_at=now,
    )
    if not add_once(session, plan):
        return _plan_id(session, wanted) or plan.id
    return plan.id


def task_for(session: Session, plan_id: UUID, occurrence: int) -> FoundTask | None:
    """The task of a round."""
    row = session.execute(
        select(Task.id, Task.status).where(Task.plan_id == plan_id, Task.occurrence == occurrence)
    ).first()
    return None if row is None else FoundTask(row.id, row.status in OPEN)


def add_task(session: Session, plan_id: UUID, wanted: CalledFor, now: datetime) -> UUID:
    """Adds the task of a round."""
    task = Task(
        id=new_id(),
        plan_id=plan_id,
        patient_id=wanted.patient_id,
        template_key=wanted.plan_key,
        node_key=NODE,
        occurrence=wanted.occurrence,
        template_version=0,
        title=wanted.title,
        questionnaire_key=wanted.questionnaire_key,
        due_on=wanted.due_on,
        opens_on=wanted.due_on,
        expires_on=wanted.due_on + timedelta(days=wanted.window_after_days),
        priority=PRIORITY,
        status="planned",
        changed_at=now,
    )
    session.add(task)
    session.flush()
    return task.id


def about(session: Session, task_id: UUID) -> tuple[str, UUID | None] | None:
    """The key of a task's plan, and what the plan is about."""
    row = session.execute(
        select(Plan.template_key, Plan.anchor_event_id).join(Task, Task.plan_id == Plan.id).where(Task.id == task_id)
    ).first()
    return None if row is None else (row.template_key, row.anchor_event_id)


def finished_plans(
    session: Session, narrowed: TaskFilter, since: datetime, after: UUID | None, limit: int
) -> Sequence[FinishedEpisode]:
    """Plans with nothing left to ask, and something answered since then."""
    tasks = select(Task.id).where(Task.plan_id == Plan.id)
    answered = exists(tasks.where(Task.status == "done", Task.changed_at >= since))
    nothing_left = ~exists(tasks.where(Task.status.in_(OPEN)))
    query = (
        select(Plan.id, Plan.patient_id)
        .join(PATIENTS, PATIENTS.c.id == Plan.patient_id)
        .where(Plan.template_key.not_in(NO_EPISODE), answered, or_(Plan.status == "ended", nothing_left))
        .where(*_narrow(narrowed, Plan.template_key))
    )
    if after is not None:
        query = query.where(Plan.id > after)
    rows = session.execute(query.order_by(Plan.id).limit(limit))
    return [FinishedEpisode(id=row.id, patient_id=row.patient_id) for row in rows]


def often_done(
    session: Session, narrowed: TaskFilter, times: int, since: datetime, after: UUID | None, limit: int
) -> Sequence[FinishedEpisode]:
    """Patients with so many finished tasks; `rounds` is how many times so many."""
    number = func.count()
    query = (
        select(Task.patient_id, number.label("number"))
        .join(PATIENTS, PATIENTS.c.id == Task.patient_id)
        .where(
            Task.status == "done", Task.template_key.not_in(MADE_BY_CAMPAIGNS), *_narrow(narrowed, Task.template_key)
        )
        .group_by(Task.patient_id)
        .having(number >= times, func.max(Task.changed_at) >= since)
    )
    if after is not None:
        query = query.where(Task.patient_id > after)
    rows = session.execute(query.order_by(Task.patient_id).limit(limit))
    return [FinishedEpisode(id=row.patient_id, patient_id=row.patient_id, rounds=row.number // times) for row in rows]


def _plan_id(session: Session, wanted: CalledFor) -> UUID | None:
    return session.scalar(
        select(Plan.id).where(
            Plan.patient_id == wanted.patient_id,
            Plan.template_key == wanted.plan_key,
            Plan.anchor_event_id == wanted.anchor_id,
        )
    )


def _narrow(wanted: TaskFilter, template_key: Any) -> list[ColumnElement[bool]]:  # noqa: ANN401 - a mapped column
    equal = {PATIENTS.c.site: wanted.site, PATIENTS.c.stage: wanted.stage, template_key: wanted.template_key}
    return [PATIENTS.c.deceased.is_(False), *(field == value for field, value in equal.items() if value is not None)]


def add_own_plan(session: Session, patient_id: UUID, template_key: str, wanted: OwnPlanIn, now: datetime) -> UUID:
    """Adds a plan drawn up by hand with its tasks."""
    plan = Plan(
        id=new_id(),
        patient_id=patient_id,
        template_key=template_key,
        title=wanted.title,
        status="active",
        anchor_kind=template_key,
        created_at=now,
    )
    session.add(plan)
    session.flush()
    session.add_all(
        Task(
            id=new_id(),
            plan_id=plan.id,
            patient_id=patient_id,
            template_key=template_key,
            node_key="round",
            occurrence=number,
            title=one.title,
            questionnaire_key=one.questionnaire_key,
            due_on=one.due_on,
            opens_on=one.due_on,
            expires_on=one.due_on + timedelta(days=one.window_after_days),
            priority=50,
            channel=one.channel,
            status="planned",
            changed_at=now,
        )
        for number, one in enumerate(wanted.tasks, start=1)
    )
    session.flush()
    return plan.id
