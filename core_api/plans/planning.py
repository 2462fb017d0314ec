"""Making tasks from templates, events and earlier answers; repeated and concurrent runs come to the same tasks."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock, SystemClock
from core_api.kit.db import Sessions
from core_api.kit.errors import NotFound
from core_api.kit.outbox import Event
from core_api.plans import repository, rules
from core_api.plans.models import Plan
from core_api.plans.schemas import (
    MADE_BY_CAMPAIGNS,
    AnchorEvent,
    AnswerCondition,
    Changes,
    Episode,
    ExistingTask,
    Node,
    SyncResult,
    Template,
    TemplateView,
)
from core_api.responses import service as responses
from core_api.treatments import service as treatments
from core_api.treatments.schemas import EventIn, TreatmentEvent

HOSPITAL_ZONE = ZoneInfo("Asia/Shanghai")
BATCH_PATIENTS = 100
OWN_PLAN = "own"
Progress = Callable[[int, int], None]
"""Told (patients done, patients in all) after each batch."""


def zone_of(session: Session) -> ZoneInfo:
    """The hospital's zone, which the composition root may put into the sessions' info."""
    zone = session.info.get("zone")
    return zone if isinstance(zone, ZoneInfo) else HOSPITAL_ZONE


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """The hospital's calendar date at a moment."""
    return moment.astimezone(zone).date()


def sync_patient(session: Session, patient_id: UUID, clock: Clock, zone: ZoneInfo) -> SyncResult:
    """Makes, moves, cancels or marks missed the patient's open tasks; those in progress or done stay.

    Raises:
        NotFound: There is no such patient.
    """
    return _Planner(session, repository.templates(session), clock.now(), zone).sync(patient_id)


def sync_all(sessions: Sessions, clock: Clock, zone: ZoneInfo, progress: Progress | None = None) -> SyncResult:
    """Syncs every patient, BATCH_PATIENTS to a transaction; broken off and run again it goes on harmlessly."""
    total_result, done, after = SyncResult(), 0, None
    with sessions.begin() as session:
        total = repository.patient_count(session)
    while True:
        with sessions.begin() as session:
            batch = repository.patient_ids(session, after, BATCH_PATIENTS)
            planner = _Planner(session, repository.templates(session), clock.now(), zone)
            for patient_id in batch:
                total_result += planner.sync(patient_id)
        if not batch:
            return total_result
        after, done = batch[-1], done + len(batch)
        if progress:
            progress(done, max(total, done))


def after_response(
    session: Session, task_id: UUID, clock: Clock, zone: ZoneInfo, response_id: UUID | None = None
) -> bool:
    """Puts on the record the event that a finished task's answers tell of, and plans what follows from it.

    Called within the outcome's transaction and again after a recheck; it repeats harmlessly. An unfinished task tells
    nothing yet: its questions are still to be asked.

    Returns:
        Whether an event was recorded or moved.
    """
    task = repository.locked_task(session, task_id)
    plan = repository.plan_of(session, task_id)
    found = response_id or (task.response_id if task else None)
    if task is None or plan is None or found is None or task.status != "done":
        return False
    node = next((n for n in _nodes(session, plan.template_key) if n.key == task.node_key), None)
    if node is None or node.creates_event is None:
        return False
    created = node.creates_event
    occurred_on = rules.event_from(created, _accepted(session, found), local_date(clock.now(), zone))
    if occurred_on is None:
        return False
    if _reported_by_hospital(session, plan, created.event):
        return False
    event = EventIn(
        patient_id=plan.patient_id,
        kind=created.event,
        occurred_on=occurred_on,
        source_key=f"task:{task_id}",
        detail={"source": rules.REPORTED_BY_PATIENT},
    )
    changed = treatments.record_event(session, event, clock) != "unchanged"
    if changed:
        sync_patient(session, plan.patient_id, clock, zone)
    return changed


def on_treatment_recorded(session: Session, event: Event) -> None:
    """Outbox handler of "treatment.recorded" and "patient.changed": plans anew."""
    patient_id = UUID(str(event.data["patient_id"]))
    sync_patient(session, patient_id, _clock_of(session), zone_of(session))


def on_recheck_resolved(session: Session, event: Event) -> None:
    """Outbox handler of "recheck.resolved": an answer that staff confirmed may tell of an event."""
    response_id = event.data.get("response_id")
    if response_id is None:
        return
    clock, zone = _clock_of(session), zone_of(session)
    task = repository.task_of_response(session, UUID(str(response_id)))
    if task is not None and not after_response(session, task.id, clock, zone):
        sync_patient(session, task.patient_id, clock, zone)


def _clock_of(session: Session) -> Clock:
    clock: Clock | None = session.info.get("clock")
    return clock or SystemClock()


class _Planner:
    """One run over some patients within a transaction."""

    def __init__(self, session: Session, found: Sequence[TemplateView], now: datetime, zone: ZoneInfo) -> None:
        self._session = session
        self._templates = found
        self._now = now
        self._today = local_date(now, zone)

    def sync(self, patient_id: UUID) -> SyncResult:
        facts = repository.patient_facts(self._session, patient_id)
        if facts is None:
            raise NotFound("没有这位患者")
        if facts.deceased:
            open_tasks = repository.open_task_ids(self._session, patient_id)
            repository.close_tasks(self._session, open_tasks, "cancelled", "deceased", self._now)
            return SyncResult(cancelled=len(open_tasks))
        events = [_anchor_event(event) for event in treatments.events(self._session, patient_id)]
        stored = {(p.template_key, p.anchor_event_id): p for p in repository.locked_plans(self._session, patient_id)}
        result = SyncResult()
        for found in self._templates:
            if not rules.applies(found.template, facts.department, facts.stage):
                continue
            for episode in rules.episodes(found.template, events):
                plan = stored.pop((found.template.key, episode.anchor.id), None)
                result += self._sync_episode(patient_id, found, episode, plan)
        for plan in stored.values():
            result += self._sync_rest(plan)
        return result

    def _sync_episode(self, patient_id: UUID, found: TemplateView, episode: Episode, plan: Plan | None) -> SyncResult:
        template = found.template
        answers = self._answers(template, plan) if plan else {}
        planned = rules.tasks_of(template, episode, answers, self._today)
        if plan is None:
            if not planned:
                return SyncResult()
            plan = repository.add_plan(self._session, patient_id, found, episode.anchor, self._now)
        plan.template_version, plan.title = found.version, template.title
        plan.anchor_on = episode.anchor.occurred_on
        plan.status = "active" if episode.ends_on is None or episode.ends_on > self._today else "ended"
        existing = repository.existing_tasks(self._session, plan.id)
        earlier = [task for task in existing if task.template_version != found.version]
        kept = self._earlier(plan, episode, earlier)
        planned = rules.after_earlier(planned, _counting(earlier, kept))
        changes = rules.changes([task for task in existing if task.template_version == found.version], planned)
        return self._apply(plan, kept) + self._apply(plan, changes)

    def _earlier(self, plan: Plan, episode: Episode, tasks: Sequence[ExistingTask]) -> Changes:
        """What becomes of tasks that earlier versions made: they follow their own version, and get no company."""
        result = Changes()
        for version in sorted({task.template_version for task in tasks}):
            template = repository.template_version(self._session, plan.template_key, version)
            if template is None:
                continue
            made = [task for task in tasks if task.template_version == version]
            planned = rules.tasks_of(template, episode, self._answers(template, plan), self._today)
            found = rules.changes(made, planned)
            result = Changes(
                move=(*result.move, *found.move),
                cancel=(*result.cancel, *found.cancel),
                miss=(*result.miss, *found.miss),
            )
        return result

    def _apply(self, plan: Plan, changes: Changes) -> SyncResult:
        made = repository.add_tasks(self._session, plan, changes.create, self._now)
        for task_id, target in changes.move:
            repository.move_task(self._session, task_id, target, self._now)
        repository.close_tasks(self._session, changes.cancel, "cancelled", rules.BY_PLAN, self._now)
        repository.close_tasks(self._session, changes.miss, "missed", "expired", self._now)
        return SyncResult(
            created=len(made), moved=len(changes.move), cancelled=len(changes.cancel), missed=len(changes.miss)
        )

    def _sync_rest(self, plan: Plan) -> SyncResult:
        """A plan whose event or template is gone ends; one drawn up by hand only grows old."""
        if plan.template_key in {OWN_PLAN, *MADE_BY_CAMPAIGNS}:
            missed = repository.expired_own_tasks(self._session, plan.id, self._today)
            repository.close_tasks(self._session, missed, "missed", "expired", self._now)
            return SyncResult(missed=len(missed))
        plan.status = "ended"
        changes = rules.changes(repository.existing_tasks(self._session, plan.id), ())
        repository.close_tasks(self._session, changes.cancel, "cancelled", rules.BY_PLAN, self._now)
        return SyncResult(cancelled=len(changes.cancel))

    def _answers(self, template: Template, plan: Plan) -> dict[str, dict[str, Any]]:
        """Accepted answers of the nodes that conditions name; others are not decrypted."""
        named = {c.node for node in template.nodes for c in node.conditions if isinstance(c, AnswerCondition)}
        if not named:
            return {}
        found = repository.done_responses(self._session, plan.id, sorted(named))
        return {node_key: _accepted(self._session, response_id) for node_key, response_id in found.items()}


def _counting(earlier: Sequence[ExistingTask], changes: Changes) -> list[ExistingTask]:
    """Tasks of earlier versions that stand after the changes: those that a plan has cancelled do not."""
    reopened = {task_id for task_id, _ in changes.move}
    gone = set(changes.cancel)
    return [
        task
        for task in earlier
        if task.id not in gone and (task.id in reopened or task.status != "cancelled" or task.reason != rules.BY_PLAN)
    ]


def _accepted(session: Session, response_id: UUID) -> dict[str, Any]:
    view = responses.answers(session, response_id)
    return {answer.link_id: answer.value for answer in view.answers if answer.status == "accepted"}


def _anchor_event(event: TreatmentEvent) -> AnchorEvent:
    detail = {
        key: value
        for key, value in (event.detail or {}).items()
        if value is None or isinstance(value, str | int | float)
    }
    return AnchorEvent(id=event.id, kind=event.kind, occurred_on=event.occurred_on, detail=detail)


def _nodes(session: Session, template_key: str) -> Sequence[Node]:
    return next((v.template.nodes for v in repository.templates(session) if v.template.key == template_key), ())


def _reported_by_hospital(session: Session, plan: Plan, kind: str) -> bool:
    """Whether the plan's episode holds the event already from another source than answers."""
    events = [_anchor_event(event) for event in treatments.events(session, plan.patient_id)]
    return any(
        e.kind == kind
        and e.detail.get("source") != rules.REPORTED_BY_PATIENT
        and (plan.anchor_on is None or e.occurred_on >= plan.anchor_on)
        for e in events
    )
