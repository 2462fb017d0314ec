"""Gathers what the contact policy decides on."""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from assistant import api as assistant
from campaigns.attempts import service as attempts
from campaigns.campaigns.schemas import CampaignRow
from campaigns.policy.schemas import REASON_LABELS, LoadFacts, PolicyRules, Window
from telephony import api as telephony

HOLIDAYS_AHEAD = timedelta(days=400)
"""Further ahead no next time to call is looked for."""


def rules_for(session: Session, campaign: CampaignRow, zone: ZoneInfo, now: datetime) -> PolicyRules:
    """A campaign's rules on a day; holidays are the hospital's calendar, which the desk keeps."""
    start, end = campaign.window
    return PolicyRules(
        zone=zone,
        window=Window(start=start, end=end),
        holidays=holidays(session, zone, now) if campaign.skip_holidays else frozenset(),
        patient_daily_cap=campaign.patient_daily_cap,
        campaign_daily_cap=campaign.daily_cap,
    )


def load_facts(session: Session, campaign_id: UUID, patient_id: UUID, rules: PolicyRules, now: datetime) -> LoadFacts:
    """What is going on with a patient and a campaign today."""
    day = now.astimezone(rules.zone).date()
    return LoadFacts(
        patient_calls_today=calls_today(session, patient_id, rules, now),
        campaign_calls_today=attempts.dialled_on(session, day, campaign_id=campaign_id),
        patient_in_call=attempts.in_call(session, patient_id, "")[0],
    )


def load_by_hand(session: Session, patient_id: UUID, rules: PolicyRules, now: datetime) -> LoadFacts:
    """What is going on with a patient whom somebody wants to call."""
    in_call = attempts.in_call(session, patient_id, "")[0] or bool(telephony.under_way(session, patient_id))
    return LoadFacts(patient_calls_today=calls_today(session, patient_id, rules, now), patient_in_call=in_call)


def calls_today(session: Session, patient_id: UUID, rules: PolicyRules, now: datetime) -> int:
    """Calls to a patient today, the campaigns' and those that people dialled."""
    day = now.astimezone(rules.zone).date()
    midnight = datetime.combine(day, time.min, tzinfo=rules.zone)
    by_hand = telephony.dialled_since(session, patient_id, midnight)
    return attempts.dialled_to_patient(session, patient_id, day) + by_hand


def holidays(session: Session, zone: ZoneInfo, now: datetime) -> frozenset[date]:
    """The hospital's days off from today on."""
    today = now.astimezone(zone).date()
    return assistant.holidays(session, today, today + HOLIDAYS_AHEAD)


def label(reasons: str | None) -> str | None:
    """Reasons joined by commas, in Chinese."""
    if reasons is None:
        return None
    known: dict[str, str] = {str(reason): text for reason, text in REASON_LABELS.items()}
    return "、".join(known.get(reason, reason) for reason in reasons.split(","))
