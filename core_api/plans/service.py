"""Lists of tasks, their states, plans of a patient, templates in force. Making tasks is `planning`'s."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from core_api.kit import totals
from core_api.kit.clock import Clock, SystemClock
from core_api.kit.errors import Conflict, Invalid, NotFound
from core_api.kit.outbox import publish
from core_api.kit.paging import Page, decode_cursor, encode_cursor
from core_api.plans import library, repository, rules, sources
from core_api.plans.library import dump_template, load_library, parse_template
from core_api.plans.planning import (
    OWN_PLAN,
    after_response,
    local_date,
    on_recheck_resolved,
    on_treatment_recorded,
    sync_all,
    sync_patient,
    zone_of,
)
from core_api.plans.schemas import (
    EVENT_TITLES,
    CancelReason,
    DueTask,
    OwnPlanIn,
    Period,
    PlanView,
    TaskCounts,
    TaskFilter,
    TaskStatus,
    TaskView,
    Template,
    TemplateProblem,
    TemplateView,
)
from core_api.plans.validation import ItemCodes, validate_template
from core_api.questionnaires import service as questionnaires

__all__ = [
    "after_response",
    "cancel_task",
    "check_template",
    "counts",
    "create_own_plan",
    "due_for_campaign",
    "dump_template",
    "list_tasks",
    "load_library",
    "on_recheck_resolved",
    "on_treatment_recorded",
    "parse_template",
    "plans_of",
    "proposed",
    "publish_template",
    "set_task_status",
    "sync_all",
    "sync_patient",
    "task",
    "template",
    "templates",
]

PERIOD_DAYS: dict[Period, int] = {"day": 0, "week": 7, "month": 30}


def list_tasks(
    session: Session, wanted: TaskFilter, today: date, cursor: str | None = None, limit: int = 20
) -> Page[TaskView]:
    """A page of tasks by due date. A period lists what is still open and due by its end, overdue ones first.

    Raises:
        Invalid: The cursor is not ours.
    """
    conditions = _conditions(wanted, today)
    rows = repository.list_rows(session, conditions, _place(cursor), limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        items=[repository.view(session, row, today) for row in rows[:limit]],
        next_cursor=encode_cursor(last.due_on.isoformat(), str(last.id)) if last else None,
        total=totals.recent(
            session,
            ("tasks", wanted, today),
            lambda: repository.count(session, conditions, of_patients=bool(wanted.site or wanted.stage)),
        ),
    )


def due_for_campaign(
    session: Session, wanted: TaskFilter, limit: int, after_id: UUID | None = None, today: date | None = None
) -> list[DueTask]:
    """Tasks that a campaign may take up, by id after `after_id`; nobody who has died.

    Args:
        session: Any.
        wanted: Its status is not regarded: only planned tasks are taken up.
        limit: At most so many.
        after_id: The last id of the page before.
        today: Only tasks whose window is open on this day; when absent, on the filter's last due date.
    """
    conditions = repository.conditions_of(wanted.model_copy(update={"status": "planned"}), None)
    day = today or wanted.due_to
    if day is not None:
        conditions += repository.callable_on(day)
    return repository.campaign_tasks(session, conditions, after_id, limit)


def task(session: Session, task_id: UUID, today: date | None = None) -> TaskView:
    """One task.

    Raises:
        NotFound: There is none.
    """
    row = repository.task_row(session, task_id)
    if row is None:
        raise NotFound("没有这项随访任务")
    return repository.view(session, row, today or local_date(SystemClock().now(), zone_of(session)))


def set_task_status(
    session: Session,
    task_id: UUID,
    status: TaskStatus,
    response_id: UUID | None = None,
    reason: str | None = None,
    clock: Clock | None = None,
) -> bool:
    """Moves a task to another state; a repeated or late result has no effect. Done plans what follows.

    Args:
        session: The outcome's transaction.
        task_id: The task.
        status: `due` means the same as `planned`: open again.
        response_id: The response that holds its answers.
        reason: A code, never free text.
        clock: Tells now.

    Returns:
        Whether the state changed.

    Raises:
        NotFound: There is no such task.
    """
    row = repository.locked_task(session, task_id)
    if row is None:
        raise NotFound("没有这项随访任务")
    clock = clock or SystemClock()
    stored = "planned" if status == "due" else status
    if response_id is not None and row.status != "done":
        row.response_id = response_id
    if stored not in rules.ALLOWED[row.status]:
        session.flush()
        return False
    row.status, row.reason, row.changed_at = stored, reason[:64] if reason else None, clock.now()
    session.flush()
    data = {"task_id": str(task_id), "patient_id": str(row.patient_id), "status": stored}
    publish(session, "task.changed", task_id, data, clock)
    if stored == "done":
        zone = zone_of(session)
        if not after_response(session, task_id, clock, zone):
            sync_patient(session, row.patient_id, clock, zone)
    return True


def cancel_task(session: Session, task_id: UUID, reason: CancelReason, clock: Clock) -> TaskView:
    """Staff cancel a task; the plan does not open it again.

    Raises:
        NotFound: There is no such task.
        Conflict: It is done, or a call about it is under way.
    """
    before = task(session, task_id, local_date(clock.now(), zone_of(session)))
    if before.status in {"done", "in_progress"}:
        raise Conflict("任务已完成或正在通话，不能取消", code="task_not_open")
    if before.status != "cancelled":
        set_task_status(session, task_id, "cancelled", reason=reason, clock=clock)
    return task(session, task_id, local_date(clock.now(), zone_of(session)))


def plans_of(session: Session, patient_id: UUID, today: date) -> list[PlanView]:
    """A patient's plans, each with its tasks in order of date."""
    tasks: dict[UUID, list[TaskView]] = {}
    for row in repository.plan_task_rows(session, patient_id):
        tasks.setdefault(row.plan_id, []).append(repository.view(session, row, today))
    return [
        PlanView(
            id=plan.id,
            template_key=plan.template_key,
            template_version=plan.template_version,
            title=plan.title,
            status="ended" if plan.status == "ended" else "active",
            anchor_kind=plan.anchor_kind,
            anchor_title=EVENT_TITLES.get(plan.anchor_kind, "人工制定"),
            anchor_on=plan.anchor_on,
            tasks=tuple(tasks.get(plan.id, ())),
        )
        for plan in repository.plans(session, patient_id)
    ]


def create_own_plan(session: Session, patient_id: UUID, wanted: OwnPlanIn, clock: Clock) -> UUID:
    """Draws up a plan for one patient: time, content and way of each round.

    Raises:
        NotFound: There is no such patient.
        Invalid: A date lies in the past, or a questionnaire is not published.
    """
    if repository.patient_facts(session, patient_id) is None:
        raise NotFound("没有这位患者")
    today = local_date(clock.now(), zone_of(session))
    if any(one.due_on < today for one in wanted.tasks):
        raise Invalid("随访日期不能早于今天", field="tasks.due_on")
    for key in sorted({one.questionnaire_key for one in wanted.tasks}):
        try:
            questionnaires.published(session, key)
        except NotFound as error:
            raise Invalid("问卷不存在或未发布，请改选已发布的问卷", field="tasks.questionnaire_key") from error
    return sources.add_own_plan(session, patient_id, OWN_PLAN, wanted, clock.now())


def proposed(session: Session, patient_id: UUID) -> list[TemplateView]:
    """The templates for this patient's department and stage.

    Raises:
        NotFound: There is no such patient.
    """
    facts = repository.patient_facts(session, patient_id)
    if facts is None:
        raise NotFound("没有这位患者")
    return [v for v in repository.templates(session) if rules.applies(v.template, facts.department, facts.stage)]


def templates(session: Session) -> list[TemplateView]:
    """The templates in force."""
    return repository.templates(session)


def template(session: Session, key: str) -> TemplateView:
    """The template in force of a key.

    Raises:
        NotFound: There is none.
    """
    found = next((view for view in repository.templates(session) if view.template.key == key), None)
    if found is None:
        raise NotFound("没有这个随访计划模板")
    return found


def check_template(session: Session, wanted: Template) -> tuple[TemplateProblem, ...]:
    """What is wrong with a template, given the published questionnaires."""
    return validate_template(wanted, _items_of(session, wanted))


def publish_template(session: Session, wanted: Template, clock: Clock) -> TemplateView:
    """Puts a template in force; plans follow it from their next sync on.

    Raises:
        Invalid: The template has problems, all of which the message names.
    """
    return library.publish_template(session, wanted, _items_of(session, wanted), clock)


def counts(session: Session, clock: Clock, zone: ZoneInfo) -> TaskCounts:
    """Today's work."""
    today = local_date(clock.now(), zone)
    midnight = datetime.combine(today, time(), tzinfo=zone).astimezone(UTC)
    return TaskCounts(
        due=repository.count(session, [repository.is_open(), repository.due_by(today)]),
        overdue=repository.count(session, [repository.is_open(), repository.due_by(today - timedelta(days=1))]),
        done=repository.count(session, repository.done_since(midnight)),
    )


def _items_of(session: Session, wanted: Template) -> dict[str, ItemCodes]:
    """Items and option codes of the published questionnaires that the template names."""
    found: dict[str, ItemCodes] = {}
    for key in {node.questionnaire_key for node in wanted.nodes}:
        try:
            questionnaire = questionnaires.published(session, key)
        except NotFound:
            continue
        found[key] = {
            item.link_id: frozenset(option.code for option in item.options) or None for item in questionnaire.items
        }
    return found


def _conditions(wanted: TaskFilter, today: date) -> Sequence[ColumnElement[bool]]:
    conditions = repository.conditions_of(wanted, today)
    if wanted.period:
        conditions.append(repository.due_by(today + timedelta(days=PERIOD_DAYS[wanted.period])))
        if wanted.status is None:
            conditions.append(repository.is_open())
    return conditions


def _place(cursor: str | None) -> tuple[date, UUID] | None:
    if not cursor:
        return None
    try:
        due_on, task_id = decode_cursor(cursor)
        return date.fromisoformat(str(due_on)), UUID(str(task_id))
    except ValueError as error:
        raise Invalid("翻页位置无效，请从第一页重新查看", field="cursor") from error
