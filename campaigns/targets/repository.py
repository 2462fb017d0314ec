"""Queries of targets."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.orm import Session

from campaigns.targets.models import CampaignTarget
from campaigns.targets.schemas import DUE_STATES, OPEN_STATES, NewTarget, TargetState, TargetUpdate, TargetView
from core_api.kit.db import new_id


def add(session: Session, campaign_id: UUID, targets: Sequence[NewTarget], now: datetime) -> int:
    """Inserts the targets whose task is not yet in the campaign; Core, so that a million stay cheap."""
    if not targets:
        return 0
    task_ids = [target.task_id for target in targets]
    present = set(
        session.scalars(
            select(CampaignTarget.task_id).where(
                CampaignTarget.campaign_id == campaign_id, CampaignTarget.task_id.in_(task_ids)
            )
        )
    )
    rows = [_row(campaign_id, target, now) for target in targets if target.task_id not in present]
    if rows:
        session.execute(insert(CampaignTarget), rows)
    return len(rows)


def claim_due(session: Session, campaign_id: UUID, now: datetime, limit: int) -> list[TargetView]:
    """Takes due targets into progress; each is taken by one transaction only.

    Calls that were promised for a time come before all others, however long the queue.
    Rows are locked with SKIP LOCKED where the database has it; SQLite's transaction holds the whole database.
    """
    due: Select[tuple[CampaignTarget]] = (
        select(CampaignTarget)
        .where(CampaignTarget.campaign_id == campaign_id, CampaignTarget.state.in_(DUE_STATES))
        .where(CampaignTarget.next_attempt_at <= now)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    promised = due.where(CampaignTarget.callback_at <= now).order_by(CampaignTarget.callback_at, CampaignTarget.id)
    taken = _take(session, promised.limit(limit))
    if len(taken) < limit:
        others = due.where(CampaignTarget.callback_at.is_(None))
        ordered = others.order_by(CampaignTarget.next_attempt_at, CampaignTarget.id)
        taken += _take(session, ordered.limit(limit - len(taken)))
    return taken


def _take(session: Session, query: Select[tuple[CampaignTarget]]) -> list[TargetView]:
    rows = session.scalars(query).all()
    if rows:
        session.execute(
            update(CampaignTarget)
            .where(CampaignTarget.id.in_([row.id for row in rows]))
            .values(state=TargetState.IN_PROGRESS, version=CampaignTarget.version + 1)
            .execution_options(synchronize_session=False)
        )
    return [TargetView.model_validate(row) for row in rows]


def claim(session: Session, target_id: UUID) -> bool:
    """Takes one target that waits into progress."""
    taken = session.execute(
        update(CampaignTarget)
        .where(CampaignTarget.id == target_id, CampaignTarget.state.in_(DUE_STATES))
        .values(state=TargetState.IN_PROGRESS, version=CampaignTarget.version + 1)
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(taken, "rowcount", 0))


def get(session: Session, target_id: UUID) -> TargetView | None:
    """One target as it is in the database."""
    row = session.scalar(
        select(CampaignTarget).where(CampaignTarget.id == target_id).execution_options(populate_existing=True)
    )
    return None if row is None else TargetView.model_validate(row)


def put(session: Session, target_id: UUID, change: TargetUpdate, *, tried: bool) -> None:
    """Writes where the target stands now; `tried` counts one more attempt."""
    values = change.model_dump(exclude_none=True, exclude={"reason", "callback_at"})
    session.execute(
        update(CampaignTarget)
        .where(CampaignTarget.id == target_id)
        .values(
            **values,
            reason=change.reason,
            callback_at=change.callback_at,
            attempts_made=CampaignTarget.attempts_made + int(tried),
            version=CampaignTarget.version + 1,
        )
        .execution_options(synchronize_session=False)
    )


def of_patient(session: Session, patient_id: UUID, state: TargetState) -> list[TargetView]:
    """A patient's targets in a state, over all campaigns."""
    rows = session.scalars(
        select(CampaignTarget)
        .where(CampaignTarget.patient_id == patient_id, CampaignTarget.state == state)
        .order_by(CampaignTarget.id)
        .execution_options(populate_existing=True)
    )
    return [TargetView.model_validate(row) for row in rows]


def of_task(session: Session, task_id: UUID) -> list[TargetView]:
    """A task's targets, over all campaigns."""
    rows = session.scalars(
        select(CampaignTarget)
        .where(CampaignTarget.task_id == task_id)
        .order_by(CampaignTarget.id)
        .execution_options(populate_existing=True)
    )
    return [TargetView.model_validate(row) for row in rows]


def cancel_open(session: Session, campaign_id: UUID) -> int:
    """Cancels what waits; calls in progress end by themselves."""
    done = session.execute(
        update(CampaignTarget)
        .where(CampaignTarget.campaign_id == campaign_id, CampaignTarget.state.in_(DUE_STATES))
        .values(state=TargetState.CANCELLED, version=CampaignTarget.version + 1)
        .execution_options(synchronize_session=False)
    )
    return int(getattr(done, "rowcount", 0))


def counts(session: Session, campaign_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """Targets by state of each campaign."""
    rows = session.execute(
        select(CampaignTarget.campaign_id, CampaignTarget.state, func.count())
        .where(CampaignTarget.campaign_id.in_(campaign_ids))
        .group_by(CampaignTarget.campaign_id, CampaignTarget.state)
    )
    found: dict[UUID, dict[str, int]] = {campaign_id: {} for campaign_id in campaign_ids}
    for campaign_id, state, number in rows.tuples():
        found[campaign_id][state] = number
    return found


def has_open(session: Session, campaign_id: UUID) -> bool:
    """Whether anybody is still to be called or is being called."""
    query = select(CampaignTarget.id).where(
        CampaignTarget.campaign_id == campaign_id, CampaignTarget.state.in_(OPEN_STATES)
    )
    return session.scalar(query.limit(1)) is not None


def page(
    session: Session, campaign_id: UUID, states: Sequence[str], after: UUID | None, limit: int
) -> list[TargetView]:
    """Targets in order of id."""
    query = select(CampaignTarget).where(CampaignTarget.campaign_id == campaign_id)
    if states:
        query = query.where(CampaignTarget.state.in_(states))
    if after is not None:
        query = query.where(CampaignTarget.id > after)
    rows = session.scalars(query.order_by(CampaignTarget.id).limit(limit))
    return [TargetView.model_validate(row) for row in rows]


def _row(campaign_id: UUID, target: NewTarget, now: datetime) -> dict[str, object]:
    return {
        "id": new_id(),
        "campaign_id": campaign_id,
        "patient_id": target.patient_id,
        "task_id": target.task_id,
        "state": TargetState.EXCLUDED if target.reason else TargetState.WAITING,
        "reason": target.reason,
        "next_attempt_at": now,
        "attempts_made": 0,
        "no_answer_count": 0,
        "unfinished_count": 0,
        "callback_count": 0,
        "version": 0,
    }
