"""Verbs on campaigns."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from campaigns.campaigns import repository
from campaigns.campaigns.models import Campaign
from campaigns.campaigns.schemas import CampaignIn, CampaignRow, CampaignStatus, CampaignView, Counts
from campaigns.targets import service as targets
from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict, NotFound
from core_api.kit.outbox import publish
from core_api.kit.paging import Page, encode_cursor

Status = CampaignStatus
running = repository.running
lock = repository.lock


def create(session: Session, wanted: CampaignIn, created_by: UUID | None, clock: Clock) -> CampaignView:
    """Makes a draft; nobody is called before it is started."""
    campaign = Campaign(
        id=new_id(),
        status=Status.DRAFT,
        filter=wanted.filter.model_dump(mode="json"),
        source=wanted.source.model_dump(mode="json"),
        created_by=created_by,
        created_at=clock.now(),
        planned=False,
        **wanted.model_dump(exclude={"filter", "source"}),
    )
    repository.add(session, campaign)
    _tell(session, campaign.id, Status.DRAFT, clock)
    return get(session, campaign.id)


def row(session: Session, campaign_id: UUID) -> CampaignRow:
    """A campaign without counts.

    Raises:
        NotFound: There is none.
    """
    found = repository.get(session, campaign_id)
    if found is None:
        raise NotFound("没有找到这个外呼任务")
    return found


def get(session: Session, campaign_id: UUID) -> CampaignView:
    """A campaign with its counts.

    Raises:
        NotFound: There is none.
    """
    return _views(session, [row(session, campaign_id)])[0]


def page(session: Session, statuses: Sequence[str], cursor: str | None, limit: int) -> Page[CampaignView]:
    """Campaigns, the newest first."""
    rows = repository.page(session, targets.after_of(cursor), limit + 1, statuses)
    more = encode_cursor(str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page[CampaignView](
        items=_views(session, rows[:limit]), next_cursor=more, total=None if statuses else repository.count(session)
    )


def start(session: Session, campaign_id: UUID, clock: Clock) -> CampaignView:
    """Starts a draft: planning and calling begin with the next tick."""
    return _move(session, campaign_id, (Status.DRAFT,), Status.RUNNING, clock, {"started_at": clock.now()})


def pause(session: Session, campaign_id: UUID, clock: Clock) -> CampaignView:
    """No new calls; those in progress go on to their end."""
    return _move(session, campaign_id, (Status.RUNNING,), Status.PAUSED, clock)


def resume(session: Session, campaign_id: UUID, clock: Clock) -> CampaignView:
    """Goes on with a paused campaign."""
    return _move(session, campaign_id, (Status.PAUSED,), Status.RUNNING, clock)


def cancel(session: Session, campaign_id: UUID, clock: Clock) -> CampaignView:
    """Ends a campaign for good; calls in progress go on to their end and count."""
    sources = (Status.DRAFT, Status.RUNNING, Status.PAUSED)
    _move(session, campaign_id, sources, Status.CANCELLED, clock, {"finished_at": clock.now()})
    targets.cancel_open(session, campaign_id)
    return get(session, campaign_id)


def to_plan(session: Session, today: date) -> list[UUID]:
    """Campaigns with planning left to do on this day."""
    return repository.to_plan(session, today)


def note_planning(
    session: Session, campaign_id: UUID, after: UUID | None, *, planned: bool, day: date, clock: Clock
) -> None:
    """Keeps how far planning has come."""
    values = {"planned_after": after, "planned": planned, "planned_on": day}
    repository.move(session, campaign_id, (Status.RUNNING,), values)
    if planned:
        _tell(session, campaign_id, Status.RUNNING, clock)


def finish_if_done(session: Session, campaign_id: UUID, clock: Clock) -> bool:
    """Finishes a running campaign that has nobody left to reach; a standing one goes on tomorrow."""
    found = repository.get(session, campaign_id)
    if found is None or found.status != Status.RUNNING or found.standing or not found.planned:
        return False
    if targets.has_open(session, campaign_id):
        return False
    values = {"status": Status.FINISHED, "finished_at": clock.now()}
    finished = repository.move(session, campaign_id, (Status.RUNNING,), values)
    if finished:
        _tell(session, campaign_id, Status.FINISHED, clock)
    return finished


def _move(
    session: Session,
    campaign_id: UUID,
    sources: Sequence[CampaignStatus],
    to: CampaignStatus,
    clock: Clock,
    values: Mapping[str, object] | None = None,
) -> CampaignView:
    if not repository.move(session, campaign_id, sources, {"status": to, **(values or {})}):
        row(session, campaign_id)
        raise Conflict("外呼任务当前的状态不允许此操作，请刷新后再试", field="status")
    _tell(session, campaign_id, to, clock)
    return get(session, campaign_id)


def _tell(session: Session, campaign_id: UUID, status: CampaignStatus, clock: Clock) -> None:
    data = {"campaign_id": str(campaign_id), "status": str(status)}
    publish(session, "campaign.changed", campaign_id, data, clock)


def _views(session: Session, rows: Sequence[CampaignRow]) -> list[CampaignView]:
    by_state = targets.counts(session, [one.id for one in rows])
    return [CampaignView(**one.model_dump(), counts=_counts(by_state[one.id])) for one in rows]


def _counts(by_state: Mapping[str, int]) -> Counts:
    total = sum(number for state, number in by_state.items() if state != "excluded")
    return Counts(total=total, **by_state)
