"""Gathers what the contact policy decides on."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from campaigns.attempts import service as attempts
from campaigns.campaigns.schemas import CampaignRow
from campaigns.policy.holidays import holidays_around
from campaigns.policy.schemas import REASON_LABELS, LoadFacts, PolicyRules, Window


def rules_for(campaign: CampaignRow, zone: ZoneInfo, now: datetime) -> PolicyRules:
    """A campaign's rules on a day."""
    start, end = campaign.window
    return PolicyRules(
        zone=zone,
        window=Window(start=start, end=end),
        holidays=holidays_around(now.astimezone(zone).year) if campaign.skip_holidays else frozenset(),
        patient_daily_cap=campaign.patient_daily_cap,
        campaign_daily_cap=campaign.daily_cap,
    )


def load_facts(session: Session, campaign_id: UUID, patient_id: UUID, rules: PolicyRules, now: datetime) -> LoadFacts:
    """What is going on with a patient and a campaign today."""
    day = now.astimezone(rules.zone).date()
    return LoadFacts(
        patient_calls_today=attempts.dialled_to_patient(session, patient_id, day),
        campaign_calls_today=attempts.dialled_on(session, day, campaign_id=campaign_id),
        patient_in_call=attempts.in_call(session, patient_id, "")[0],
    )


def label(reasons: str | None) -> str | None:
    """Reasons joined by commas, in Chinese."""
    if reasons is None:
        return None
    known: dict[str, str] = {str(reason): text for reason, text in REASON_LABELS.items()}
    return "、".join(known.get(reason, reason) for reason in reasons.split(","))
