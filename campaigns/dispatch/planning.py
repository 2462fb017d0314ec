"""Choosing targets: keyset batches, a transaction each, so that a million stay flat in memory and a crash costs one."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from campaigns.campaigns import service as campaigns
from campaigns.campaigns.schemas import CampaignRow, CampaignStatus
from campaigns.dispatch.apart import apart
from campaigns.dispatch.runtime import CampaignRuntime
from campaigns.policy.rules import lasting_reasons
from campaigns.record.port import DueTask
from campaigns.targets import service as targets
from campaigns.targets.schemas import NewTarget


def plan_campaigns(runtime: CampaignRuntime, max_batches: int = 4) -> int:
    """Plans a few batches of every campaign that has planning left; the next round goes on.

    Returns:
        Targets planned.
    """
    today = runtime.clock.now().astimezone(runtime.zone).date()
    with runtime.sessions.begin() as session:
        waiting = campaigns.to_plan(session, today)
    return sum(apart(one, partial(_plan_some, runtime, one, today, max_batches)) or 0 for one in waiting)


def _plan_some(runtime: CampaignRuntime, campaign_id: UUID, today: date, max_batches: int) -> int:
    planned = 0
    for _ in range(max_batches):
        with runtime.sessions.begin() as session:
            campaign = campaigns.lock(session, campaign_id)
            if campaign is None or campaign.status is not CampaignStatus.RUNNING or _finished(campaign, today):
                break
            planned += plan_batch(session, runtime, campaign, today)
    return planned


def plan_batch(session: Session, runtime: CampaignRuntime, campaign: CampaignRow, today: date) -> int:
    """Plans the next batch of a locked campaign."""
    limit = runtime.settings.planning_batch
    anew = campaign.standing and campaign.planned_on != today
    after = None if anew else campaign.planned_after
    due = runtime.record.due_tasks(session, campaign.selection(today, runtime.zone), after, limit)
    added = targets.add(session, campaign.id, sift(session, runtime, due), runtime.clock)
    campaigns.note_planning(
        session,
        campaign.id,
        due[-1].cursor if due else after,
        planned=len(due) < limit,
        day=today,
        clock=runtime.clock,
    )
    return added


def sift(session: Session, runtime: CampaignRuntime, due: Sequence[DueTask]) -> list[NewTarget]:
    """Targets of due tasks; those whom the policy rules out for good carry the reasons."""
    facts = runtime.record.contact_facts(session, [task.patient_id for task in due])
    tasks = [(task.patient_id, runtime.record.task_of(session, task, runtime.clock)) for task in due]
    return [
        NewTarget(
            patient_id=patient_id,
            task_id=task_id,
            reason=",".join(lasting_reasons(facts.get(patient_id))) or None,
        )
        for patient_id, task_id in tasks
        if task_id is not None
    ]


def _finished(campaign: CampaignRow, today: date) -> bool:
    return campaign.planned and not (campaign.standing and campaign.planned_on != today)
