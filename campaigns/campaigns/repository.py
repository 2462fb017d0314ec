"""Queries of campaigns."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from campaigns.campaigns.models import Campaign
from campaigns.campaigns.schemas import CampaignRow, CampaignStatus


def add(session: Session, campaign: Campaign) -> None:
    """Inserts a campaign."""
    session.add(campaign)
    session.flush()


def get(session: Session, campaign_id: UUID) -> CampaignRow | None:
    """One campaign as it is in the database."""
    row = session.scalar(select(Campaign).where(Campaign.id == campaign_id).execution_options(populate_existing=True))
    return None if row is None else CampaignRow.model_validate(row)


def move(session: Session, campaign_id: UUID, sources: Sequence[CampaignStatus], values: Mapping[str, object]) -> bool:
    """Changes a campaign that stands in one of the statuses; False when it does not."""
    moved = session.execute(
        update(Campaign)
        .where(Campaign.id == campaign_id, Campaign.status.in_(sources))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(moved, "rowcount", 0))


def lock(session: Session, campaign_id: UUID) -> CampaignRow | None:
    """A campaign, locked until the transaction ends; None when another has it."""
    row = session.scalar(
        select(Campaign)
        .where(Campaign.id == campaign_id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return None if row is None else CampaignRow.model_validate(row)


def running(session: Session) -> list[UUID]:
    """Campaigns that run, the oldest first."""
    return list(
        session.scalars(select(Campaign.id).where(Campaign.status == CampaignStatus.RUNNING).order_by(Campaign.id))
    )


def to_plan(session: Session, today: date) -> list[UUID]:
    """Running campaigns with planning left to do: never finished, or standing and not yet done today."""
    rows = session.scalars(
        select(Campaign.id)
        .where(
            Campaign.status == CampaignStatus.RUNNING,
            or_(
                Campaign.planned.is_(False),
                Campaign.standing.is_(True) & or_(Campaign.planned_on.is_(None), Campaign.planned_on < today),
            ),
        )
        .order_by(Campaign.id)
    )
    return list(rows)


def page(session: Session, before: UUID | None, limit: int, statuses: Sequence[str]) -> list[CampaignRow]:
    """Campaigns, the newest first."""
    query = select(Campaign)
    if before is not None:
        query = query.where(Campaign.id < before)
    if statuses:
        query = query.where(Campaign.status.in_(statuses))
    return [CampaignRow.model_validate(row) for row in session.scalars(query.order_by(Campaign.id.desc()).limit(limit))]


def count(session: Session) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(Campaign)) or 0
