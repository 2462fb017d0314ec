"""Tasks that campaigns call for beside the plans: fee reminders, satisfaction after an episode, lists of patients."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.plans import sources
from core_api.plans.schemas import TaskFilter
from core_api.plans.source_schemas import CalledFor, FinishedEpisode


def ensure_task(session: Session, wanted: CalledFor, clock: Clock) -> UUID | None:
    """Makes the task, or finds it open; None where this round has been called already."""
    plan_id = sources.plan_for(session, wanted, clock.now())
    found = sources.task_for(session, plan_id, wanted.occurrence)
    if found is not None:
        return found.id if found.open else None
    return sources.add_task(session, plan_id, wanted, clock.now())


def about(session: Session, task_id: UUID) -> tuple[str, UUID | None] | None:
    """The key of a task's plan and what the plan is about."""
    return sources.about(session, task_id)


def finished_episodes(
    session: Session, narrowed: TaskFilter, since: datetime, after: UUID | None, limit: int
) -> Sequence[FinishedEpisode]:
    """Plans that came to their end since then with at least one answer, by id."""
    return sources.finished_plans(session, narrowed, since, after, limit)


def often_answered(
    session: Session, narrowed: TaskFilter, times: int, since: datetime, after: UUID | None, limit: int
) -> Sequence[FinishedEpisode]:
    """Patients whose tasks were done at least so often, the last of them since then, by id."""
    return sources.often_done(session, narrowed, times, since, after, limit)
