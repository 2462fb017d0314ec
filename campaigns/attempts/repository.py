"""Queries of attempts. Every move compares the state it comes from, so that only one worker makes it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from campaigns.attempts.models import Attempt, DispatchGate, LiveCall
from campaigns.attempts.rules import LIVE, ON_THE_LINE, WITHDRAWABLE, sources_of
from campaigns.attempts.schemas import AttemptState, AttemptView

GATE = "dispatch"


def pass_gate(session: Session) -> None:
    """Waits for the dispatcher before us to commit, and makes the next one wait for us."""
    moved = session.execute(
        update(DispatchGate)
        .where(DispatchGate.name == GATE)
        .values(version=DispatchGate.version + 1)
        .execution_options(synchronize_session=False)
    )
    if not getattr(moved, "rowcount", 0):
        _make_gate(session)


def _make_gate(session: Session) -> None:
    try:
        with session.begin_nested():
            session.execute(insert(DispatchGate).values(name=GATE, version=1))
    except IntegrityError:
        pass_gate(session)


def add_many(session: Session, rows: Sequence[Mapping[str, object]]) -> None:
    """Inserts planned attempts."""
    if rows:
        session.execute(insert(Attempt), list(rows))


def last_numbers(session: Session, target_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The number of the last try of each target that has had one."""
    rows = session.execute(
        select(Attempt.target_id, func.max(Attempt.number))
        .where(Attempt.target_id.in_(target_ids))
        .group_by(Attempt.target_id)
    )
    return dict(rows.tuples().all())


def get(session: Session, attempt_id: UUID) -> AttemptView | None:
    """One attempt as it is in the database."""
    row = session.scalar(select(Attempt).where(Attempt.id == attempt_id).execution_options(populate_existing=True))
    return None if row is None else AttemptView.model_validate(row)


def lock_planned(session: Session, attempt_id: UUID) -> bool:
    """Locks a planned attempt for this transaction; False when another has it or it is planned no more."""
    query = select(Attempt.id).where(Attempt.id == attempt_id, Attempt.state == AttemptState.PLANNED)
    return session.scalar(query.with_for_update(skip_locked=True)) is not None


def move(
    session: Session, attempt_id: UUID, to: AttemptState, values: Mapping[str, object], owner: str | None = None
) -> bool:
    """Moves an attempt if it stands in a state from which `to` may be entered (and the lease is still `owner`'s).

    Returns:
        Whether it was this call that moved it.
    """
    query = update(Attempt).where(Attempt.id == attempt_id, Attempt.state.in_(sources_of(to)))
    if owner is not None:
        query = query.where(Attempt.lease_owner == owner)
    moved = session.execute(query.values(state=to, **values).execution_options(synchronize_session=False))
    return bool(getattr(moved, "rowcount", 0))


def amend(session: Session, attempt_id: UUID, states: Sequence[AttemptState], values: Mapping[str, object]) -> bool:
    """Writes to an attempt without moving it, if it is in one of the states."""
    done = session.execute(
        update(Attempt)
        .where(Attempt.id == attempt_id, Attempt.state.in_(states))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(done, "rowcount", 0))


def keep_lease(session: Session, attempt_id: UUID, owner: str | None, until: datetime) -> bool:
    """Prolongs the owner's lease on an attempt that is not dialled yet; holds the row until the transaction ends."""
    kept = session.execute(
        update(Attempt)
        .where(Attempt.id == attempt_id, Attempt.state == AttemptState.LEASED, Attempt.lease_owner == owner)
        .values(lease_until=until)
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(kept, "rowcount", 0))


def correct(session: Session, attempt_id: UUID, wrong: str, values: Mapping[str, object]) -> bool:
    """Replaces the disposition of an ended attempt if it is `wrong`."""
    if values["disposition"] == wrong:
        return False
    done = session.execute(
        update(Attempt)
        .where(Attempt.id == attempt_id, Attempt.state == AttemptState.ENDED, Attempt.disposition == wrong)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(done, "rowcount", 0))


def withdraw(session: Session, attempt_id: UUID, owner: str | None) -> bool:
    """Removes an attempt for which nobody was dialled."""
    gone = session.execute(
        delete(Attempt)
        .where(Attempt.id == attempt_id, Attempt.state.in_(WITHDRAWABLE), Attempt.lease_owner == owner)
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(gone, "rowcount", 0))


def hold(session: Session, call_id: UUID, keys: Sequence[str]) -> bool:
    """Takes the live-call keys; False, and none taken, when another call holds one."""
    try:
        with session.begin_nested():
            for key in keys:
                session.execute(insert(LiveCall).values(key=key, call_id=call_id))
    except IntegrityError:
        return False
    return True


def let_go(session: Session, call_id: UUID) -> None:
    """Frees the live-call keys."""
    session.execute(delete(LiveCall).where(LiveCall.call_id == call_id).execution_options(synchronize_session=False))


def held(session: Session, keys: Sequence[str]) -> set[str]:
    """Which of the keys a live call holds."""
    return set(session.scalars(select(LiveCall.key).where(LiveCall.key.in_(keys))))


def expired(session: Session, state: AttemptState, now: datetime, limit: int) -> list[AttemptView]:
    """Attempts in a state whose lease has run out, the oldest first."""
    rows = session.scalars(
        select(Attempt)
        .where(Attempt.state == state, Attempt.lease_until <= now)
        .order_by(Attempt.lease_until)
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [AttemptView.model_validate(row) for row in rows]


def live_counts(session: Session) -> dict[UUID, tuple[int, int]]:
    """Attempts under way by campaign, and how many of these are not dialled yet."""
    rows = session.execute(
        select(Attempt.campaign_id, Attempt.state, func.count())
        .where(Attempt.state.in_(LIVE))
        .group_by(Attempt.campaign_id, Attempt.state)
    )
    found: dict[UUID, tuple[int, int]] = {}
    for campaign_id, state, number in rows.tuples():
        live, pending = found.get(campaign_id, (0, 0))
        found[campaign_id] = (live + number, pending + (number if state in WITHDRAWABLE else 0))
    return found


def dialled_on(session: Session, day: date, campaign_id: UUID | None = None, patient_id: UUID | None = None) -> int:
    """Calls dialled on a day, of a campaign or to a patient."""
    query = select(func.count()).select_from(Attempt).where(Attempt.dialled_on == day)
    if campaign_id is not None:
        query = query.where(Attempt.campaign_id == campaign_id)
    if patient_id is not None:
        query = query.where(Attempt.patient_id == patient_id)
    return session.scalar(query) or 0


def of_targets(session: Session, target_ids: Sequence[UUID]) -> dict[UUID, list[AttemptView]]:
    """All tries of some targets, in order."""
    rows = session.scalars(
        select(Attempt).where(Attempt.target_id.in_(target_ids)).order_by(Attempt.target_id, Attempt.number)
    )
    found: dict[UUID, list[AttemptView]] = {target_id: [] for target_id in target_ids}
    for row in rows:
        found[row.target_id].append(AttemptView.model_validate(row))
    return found


def on_the_line(session: Session, campaign_id: UUID, limit: int) -> list[AttemptView]:
    """Calls in progress, the newest first."""
    rows = session.scalars(
        select(Attempt)
        .where(Attempt.campaign_id == campaign_id, Attempt.state.in_(ON_THE_LINE))
        .order_by(Attempt.id.desc())
        .limit(limit)
    )
    return [AttemptView.model_validate(row) for row in rows]


def outcome_counts(session: Session, campaign_id: UUID) -> dict[str, int]:
    """Ended attempts by disposition."""
    rows = session.execute(
        select(Attempt.disposition, func.count())
        .where(Attempt.campaign_id == campaign_id, Attempt.state == AttemptState.ENDED)
        .group_by(Attempt.disposition)
    )
    return {key: number for key, number in rows.tuples() if key is not None}


def ended_since(session: Session, campaign_id: UUID, since: datetime) -> list[datetime]:
    """When recent attempts ended."""
    rows = session.scalars(
        select(Attempt.ended_at).where(Attempt.campaign_id == campaign_id, Attempt.ended_at >= since)
    )
    return [at for at in rows if at is not None]
