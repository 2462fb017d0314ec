"""Verbs on targets."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from campaigns.targets import repository
from campaigns.targets.schemas import NewTarget, TargetState, TargetUpdate, TargetView
from core_api.kit.clock import Clock
from core_api.kit.errors import Invalid
from core_api.kit.paging import Page, decode_cursor, encode_cursor


def add(session: Session, campaign_id: UUID, targets: Sequence[NewTarget], clock: Clock) -> int:
    """Plans targets; a task that the campaign already has is not planned again."""
    return repository.add(session, campaign_id, targets, clock.now())


def claim_due(session: Session, campaign_id: UUID, clock: Clock, limit: int) -> list[TargetView]:
    """Takes up to `limit` due targets into progress, nobody twice."""
    return repository.claim_due(session, campaign_id, clock.now(), limit) if limit > 0 else []


def claim(session: Session, target_id: UUID) -> bool:
    """Takes one waiting target into progress; False when it is somebody else's by now."""
    return repository.claim(session, target_id)


def get(session: Session, target_id: UUID) -> TargetView | None:
    """One target."""
    return repository.get(session, target_id)


def of_patient(session: Session, patient_id: UUID, state: TargetState) -> list[TargetView]:
    """A patient's targets in a state, over all campaigns."""
    return repository.of_patient(session, patient_id, state)


def excluded(session: Session, patient_id: UUID) -> list[TargetView]:
    """A patient's targets that were left out."""
    return repository.of_patient(session, patient_id, TargetState.EXCLUDED)


def of_task(session: Session, task_id: UUID) -> list[TargetView]:
    """A task's targets, over all campaigns."""
    return repository.of_task(session, task_id)


def put(session: Session, target_id: UUID, change: TargetUpdate, *, tried: bool = False) -> None:
    """Writes where a target stands now."""
    repository.put(session, target_id, change, tried=tried)


def cancel_open(session: Session, campaign_id: UUID) -> int:
    """Cancels all that wait."""
    return repository.cancel_open(session, campaign_id)


def counts(session: Session, campaign_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """Targets by state of each campaign."""
    return repository.counts(session, campaign_ids) if campaign_ids else {}


def has_open(session: Session, campaign_id: UUID) -> bool:
    """Whether a campaign still has somebody to reach."""
    return repository.has_open(session, campaign_id)


def page(
    session: Session, campaign_id: UUID, states: Sequence[str], cursor: str | None, limit: int
) -> Page[TargetView]:
    """Targets of a campaign, by state."""
    found = repository.page(session, campaign_id, states, after_of(cursor), limit + 1)
    shown = found[:limit]
    more = encode_cursor(str(shown[-1].id)) if len(found) > limit else None
    by_state = repository.counts(session, [campaign_id])[campaign_id]
    total = sum(number for state, number in by_state.items() if not states or state in states)
    return Page[TargetView](items=shown, next_cursor=more, total=total)


def after_of(cursor: str | None) -> UUID | None:
    """The id that a cursor stands for.

    Raises:
        Invalid: Not a cursor of ours.
    """
    if cursor is None:
        return None
    try:
        return UUID(str(decode_cursor(cursor)[0]))
    except (ValueError, IndexError) as error:
        raise Invalid("翻页位置无效，请从第一页重新查看", field="cursor") from error
