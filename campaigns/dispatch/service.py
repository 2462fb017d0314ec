"""Rounds of dispatching: who is called next, within the limits of all workers together."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from campaigns.attempts import service as attempts
from campaigns.campaigns import service as campaigns
from campaigns.campaigns.schemas import CampaignRow
from campaigns.dispatch.apart import apart
from campaigns.dispatch.dialling import run_attempt
from campaigns.dispatch.planning import plan_campaigns
from campaigns.dispatch.reconcile import sweep
from campaigns.dispatch.runtime import CampaignRuntime
from campaigns.policy import rules
from campaigns.policy import service as policy
from campaigns.targets import service as targets


@dataclass(frozen=True)
class TickReport:
    """What one round did."""

    planned: int
    run: tuple[str, ...]


def tick(runtime: CampaignRuntime) -> TickReport:
    """One whole round in this thread: plan, sweep, choose, dial."""
    planned = plan_campaigns(runtime)
    due = [*sweep(runtime), *dispatch(runtime)]
    return TickReport(planned=planned, run=tuple(run_attempt(runtime, attempt_id) for attempt_id in due))


def dispatch(runtime: CampaignRuntime) -> list[UUID]:
    """Plans attempts for due targets, as many as the limits leave room for.

    Returns:
        Attempts to run; should these ids be lost, `sweep` finds them again.
    """
    with runtime.sessions.begin() as session:
        attempts.pass_gate(session)
        live = attempts.live_counts(session)
        room = runtime.settings.max_concurrent - sum(number for number, _ in live.values())
        attended = [apart(one, partial(_attend, session, runtime, one)) for one in campaigns.running(session)]
        open_now = [campaign for campaign in attended if campaign is not None]
        chosen: list[UUID] = []
        for index, campaign in enumerate(open_now):
            share = -(-(room - len(chosen)) // (len(open_now) - index))
            under_way = live.get(campaign.id, (0, 0))
            chosen += apart(campaign.id, partial(_choose, session, runtime, campaign, share, under_way)) or []
    return chosen


def _attend(session: Session, runtime: CampaignRuntime, campaign_id: UUID) -> CampaignRow | None:
    """A campaign that may call now; one that has nobody left is finished."""
    with session.begin_nested():
        if campaigns.finish_if_done(session, campaign_id, runtime.clock):
            return None
        campaign = campaigns.row(session, campaign_id)
        now = runtime.clock.now()
        allowed = policy.rules_for(session, campaign, runtime.zone, now)
        return campaign if rules.is_open(allowed, now) else None


def _room(session: Session, runtime: CampaignRuntime, campaign: CampaignRow, live: tuple[int, int]) -> int:
    under_way, not_dialled = live
    today = runtime.clock.now().astimezone(runtime.zone).date()
    dialled = attempts.dialled_on(session, today, campaign_id=campaign.id)
    return min(runtime.settings.batch, campaign.max_concurrent - under_way, campaign.daily_cap - dialled - not_dialled)


def _choose(
    session: Session, runtime: CampaignRuntime, campaign: CampaignRow, share: int, live: tuple[int, int]
) -> list[UUID]:
    wake_at = runtime.clock.now() + runtime.settings.wake_after
    with session.begin_nested():
        wanted = min(share, _room(session, runtime, campaign, live))
        claimed = targets.claim_due(session, campaign.id, runtime.clock, wanted)
        return attempts.plan(session, campaign.id, [(one.id, one.patient_id) for one in claimed], wake_at)
