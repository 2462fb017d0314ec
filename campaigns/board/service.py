"""Views over a campaign, its targets and its attempts."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from assistant import api as assistant
from campaigns.attempts import service as attempts
from campaigns.campaigns import service as campaigns
from campaigns.campaigns.schemas import (
    Board,
    CampaignIn,
    CampaignView,
    ExcludedCount,
    LiveCallView,
    MinuteCount,
    OutcomeCount,
    Preview,
    TargetLine,
)
from campaigns.dispositions import service as dispositions
from campaigns.policy import service as policy
from campaigns.policy.rules import lasting_reasons
from campaigns.policy.schemas import REASON_LABELS, ContactFacts
from campaigns.record.port import DueTask, PersonLine, Record, Selection
from campaigns.targets import service as targets
from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.paging import Page

NOBODY = PersonLine(patient_name="*", record_number="")
LIVE_SHOWN = 50
MINUTES_SHOWN = timedelta(minutes=60)
PREVIEW_BATCH = 500
PREVIEW_MAX = 5000


def preview(session: Session, record: Record, wanted: CampaignIn, now: datetime, zone: ZoneInfo) -> Preview:
    """Whom a campaign would call; looks at the first PREVIEW_MAX tasks and makes none.

    Raises:
        Invalid: Its source names what is not there.
    """
    selection = selection_of(wanted, new_id(), now, zone)
    record.check_source(session, selection)
    included, seen, after = 0, 0, None
    excluded: Counter[str] = Counter()
    while seen < PREVIEW_MAX:
        due = record.due_tasks(session, selection, after, PREVIEW_BATCH)
        facts = record.contact_facts(session, [task.patient_id for task in due])
        for reasons in _reasons(due, facts):
            included += not reasons
            excluded.update(reasons)
        seen += len(due)
        if len(due) < PREVIEW_BATCH:
            return Preview(targets=included, excluded=_excluded(excluded))
        after = due[-1].cursor
    return Preview(targets=included, excluded=_excluded(excluded), complete=False)


def create(
    session: Session, record: Record, wanted: CampaignIn, created_by: UUID | None, clock: Clock, zone: ZoneInfo
) -> CampaignView:
    """Makes a draft whose source is known to be sound.

    Raises:
        Invalid: Its source names what is not there.
    """
    record.check_source(session, selection_of(wanted, new_id(), clock.now(), zone))
    return campaigns.create(session, wanted, created_by, clock)


def selection_of(wanted: CampaignIn, campaign_id: UUID, now: datetime, zone: ZoneInfo) -> Selection:
    """Whom a campaign would want today."""
    return Selection(
        campaign_id=campaign_id,
        name=wanted.name,
        source=wanted.source,
        filter=wanted.filter,
        today=now.astimezone(zone).date(),
        zone=zone,
    )


def board(session: Session, record: Record, campaign_id: UUID, clock: Clock) -> Board:
    """A campaign's live board.

    Raises:
        NotFound: There is no such campaign.
    """
    campaign: CampaignView = campaigns.get(session, campaign_id)
    labels = dispositions.labels(session)
    outcomes = attempts.outcome_counts(session, campaign_id)
    return Board(
        campaign=campaign,
        counts=campaign.counts,
        outcomes=[
            OutcomeCount(disposition=key, label=label, count=outcomes[key])
            for key, label in labels.items()
            if key in outcomes
        ],
        live=_live(session, record, campaign_id),
        per_minute=_per_minute(attempts.ended_since(session, campaign_id, clock.now() - MINUTES_SHOWN)),
    )


def target_page(
    session: Session, record: Record, campaign_id: UUID, states: Sequence[str], cursor: str | None, limit: int
) -> Page[TargetLine]:
    """Targets of a campaign, masked.

    Raises:
        NotFound: There is no such campaign.
    """
    campaigns.row(session, campaign_id)
    found = targets.page(session, campaign_id, states, cursor, limit)
    persons = record.people(session, [one.patient_id for one in found.items])
    labels = dispositions.labels(session)
    lines = [
        TargetLine(
            **one.model_dump(include={"id", "patient_id", "task_id", "state", "reason", "last_disposition"}),
            **one.model_dump(include={"attempts_made", "next_attempt_at"}),
            **persons.get(one.patient_id, NOBODY).model_dump(),
            reason_label=labels.get(one.reason or "") or policy.label(one.reason),
            last_label=labels.get(one.last_disposition or ""),
        )
        for one in found.items
    ]
    return Page[TargetLine](items=lines, next_cursor=found.next_cursor, total=found.total)


def _reasons(due: Iterable[DueTask], facts: dict[UUID, ContactFacts]) -> Iterable[tuple[str, ...]]:
    return (lasting_reasons(facts.get(task.patient_id)) for task in due)


def _excluded(found: Counter[str]) -> list[ExcludedCount]:
    labels: dict[str, str] = {str(reason): text for reason, text in REASON_LABELS.items()}
    return [ExcludedCount(reason=key, label=labels[key], count=number) for key, number in found.most_common()]


def _live(session: Session, record: Record, campaign_id: UUID) -> list[LiveCallView]:
    calls = attempts.on_the_line(session, campaign_id, LIVE_SHOWN)
    persons = record.people(session, [one.patient_id for one in calls])
    return [
        LiveCallView(
            call_id=one.id,
            patient_id=one.patient_id,
            patient_name=persons.get(one.patient_id, NOBODY).patient_name,
            state=one.state,
            started_at=one.dialling_at,
            last_text=_last_text(session, one.conversation_id),
        )
        for one in calls
    ]


def _last_text(session: Session, conversation_id: UUID | None) -> str | None:
    """What was said last, for a page that opens in the middle of a call; later words come live."""
    said = assistant.last_message(session, conversation_id) if conversation_id else None
    return said.text if said else None


def _per_minute(ended: Iterable[datetime]) -> list[MinuteCount]:
    minutes = Counter(at.replace(second=0, microsecond=0) for at in ended)
    return [MinuteCount(minute=minute, ended=number) for minute, number in sorted(minutes.items())]
