"""Tasks, plans and templates over HTTP."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query
from fastapi.responses import PlainTextResponse

from core_api.audit import service as audit
from core_api.kit.paging import Page
from core_api.kit.web import CurrentUser, Db, Runtime, RuntimeDep, require
from core_api.plans import completion, service
from core_api.plans.completion_schemas import CompletedTask, CompleteIn, TaskForm
from core_api.plans.planning import local_date
from core_api.plans.schemas import (
    CancelIn,
    OwnPlanIn,
    PlanView,
    TaskFilter,
    TaskQuery,
    TaskView,
    TemplateProblem,
    TemplateView,
)

router = APIRouter(prefix="/api", tags=["随访计划"])
Reader = Annotated[CurrentUser, Depends(require("tasks.read"), scope="function")]
Writer = Annotated[CurrentUser, Depends(require("tasks.write"), scope="function")]
Planner = Annotated[CurrentUser, Depends(require("plans.write"), scope="function")]


@router.get("/tasks")
def list_tasks(
    session: Db,
    runtime: RuntimeDep,
    user: Reader,
    query: Annotated[TaskQuery, Query()],
) -> Page[TaskView]:
    """Tasks by due date; `period` day, week or month lists what is still open and due by its end."""
    audit.record(session, user.id, "task.list", "task", "", "查看随访任务", runtime.clock)
    wanted = TaskFilter(**query.model_dump(exclude={"template", "cursor", "limit"}), template_key=query.template)
    return service.list_tasks(session, wanted, _today(runtime), query.cursor, query.limit)


@router.get("/tasks/{task_id}")
def read_task(task_id: UUID, session: Db, runtime: RuntimeDep, user: Reader) -> TaskView:
    """One task."""
    audit.record(session, user.id, "task.read", "task", task_id, "查看随访任务", runtime.clock)
    return service.task(session, task_id, _today(runtime))


@router.post("/tasks/{task_id}/cancel")
def cancel_task(task_id: UUID, body: CancelIn, session: Db, runtime: RuntimeDep, user: Writer) -> TaskView:
    """Cancels an open task for good."""
    audit.record(session, user.id, "task.cancel", "task", task_id, body.reason, runtime.clock)
    return service.cancel_task(session, task_id, body.reason, runtime.clock)


@router.get("/tasks/{task_id}/form")
def read_form(task_id: UUID, session: Db, runtime: RuntimeDep, user: Writer) -> TaskForm:
    """What staff fill in to complete a task by hand."""
    audit.record(session, user.id, "task.form", "task", task_id, "填写随访表", runtime.clock)
    return completion.form(session, task_id, runtime.clock)


@router.post("/tasks/{task_id}/complete")
def complete_task(task_id: UUID, body: CompleteIn, session: Db, runtime: RuntimeDep, user: Writer) -> CompletedTask:
    """Completes a task with answers that staff found out by telephone, in person or from an outside report."""
    return completion.complete(session, task_id, body, user.id, runtime.clock)


@router.get("/plans/templates")
def list_templates(session: Db, _user: Reader) -> list[TemplateView]:
    """The templates in force."""
    return service.templates(session)


@router.get("/plans/templates/{key}")
def read_template(key: str, session: Db, _user: Reader) -> TemplateView:
    """One template."""
    return service.template(session, key)


@router.get("/plans/templates/{key}/yaml", response_class=PlainTextResponse)
def read_template_yaml(key: str, session: Db, _user: Reader) -> str:
    """One template as YAML, to be edited and sent back."""
    return service.dump_template(service.template(session, key).template)


@router.post("/plans/templates/check")
def check_template(
    session: Db, _user: Planner, text: Annotated[str, Body(media_type="application/yaml")]
) -> list[TemplateProblem]:
    """What is wrong with a template: which node, why, what to do; an empty list means nothing."""
    return list(service.check_template(session, service.parse_template(text)))


@router.put("/plans/templates")
def publish_template(
    session: Db, runtime: RuntimeDep, user: Planner, text: Annotated[str, Body(media_type="application/yaml")]
) -> TemplateView:
    """Puts a template (YAML) in force as the next version of its key."""
    wanted = service.parse_template(text)
    audit.record(session, user.id, "template.publish", "template", wanted.key, "发布随访计划模板", runtime.clock)
    return service.publish_template(session, wanted, runtime.clock)


@router.get("/patients/{patient_id}/plans")
def read_plans(patient_id: UUID, session: Db, runtime: RuntimeDep, user: Reader) -> list[PlanView]:
    """A patient's plans with their tasks."""
    audit.record(session, user.id, "plan.read", "patient", patient_id, "查看随访计划", runtime.clock)
    return service.plans_of(session, patient_id, _today(runtime))


@router.get("/patients/{patient_id}/plans/proposed")
def read_proposed(patient_id: UUID, session: Db, _user: Reader) -> list[TemplateView]:
    """The templates that are for this patient."""
    return service.proposed(session, patient_id)


@router.post("/patients/{patient_id}/plans", status_code=201)
def create_plan(patient_id: UUID, body: OwnPlanIn, session: Db, runtime: RuntimeDep, user: Planner) -> list[PlanView]:
    """Draws up a plan for one patient by hand."""
    audit.record(session, user.id, "plan.create", "patient", patient_id, "制定随访计划", runtime.clock)
    service.create_own_plan(session, patient_id, body, runtime.clock)
    return service.plans_of(session, patient_id, _today(runtime))


@router.post("/patients/{patient_id}/plans/sync")
def sync_plans(patient_id: UUID, session: Db, runtime: RuntimeDep, user: Writer) -> list[PlanView]:
    """Plans a patient anew from events and answers."""
    audit.record(session, user.id, "plan.sync", "patient", patient_id, "重新生成随访计划", runtime.clock)
    service.sync_patient(session, patient_id, runtime.clock, runtime.zone)
    return service.plans_of(session, patient_id, _today(runtime))


def _today(runtime: Runtime) -> date:
    return local_date(runtime.clock.now(), runtime.zone)
