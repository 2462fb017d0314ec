"""How long recordings are kept: days by kind, longer where they are needed, for ever where somebody holds them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.orm import Session

from assistant import api as assistant
from core_api.alerts import service as alerts
from core_api.audit import service as audit
from core_api.kit.clock import Clock
from core_api.kit.db import Sessions
from core_api.kit.errors import NotFound
from core_api.responses import service as responses
from telephony.calls import repository
from telephony.calls.schemas import CallSnapshot, RecordingView

UNHEARD, INBOUND, OTHER = "unheard", "inbound", "other"
NOBODY_SPOKE = frozenset({"voicemail", "silent"})
DAYS: Mapping[str, int] = MappingProxyType({UNHEARD: 30, INBOUND: 365, OTHER: 1095})
BATCH = 200
GONE = "保存期满，按规定删除录音"


@dataclass(frozen=True)
class Retention:
    """Days by kind: `unheard` (nobody spoke), `inbound`, a questionnaire's key, a purpose; `other` for all else."""

    days: Mapping[str, int] = field(default_factory=lambda: DAYS)

    def until(self, kind: str | None, recorded_at: datetime) -> datetime:
        """When the rule removes a recording."""
        return recorded_at + timedelta(days=self.days.get(kind or OTHER, self.otherwise))

    @property
    def otherwise(self) -> int:
        """Days of the kinds that are not named."""
        return self.days.get(OTHER, DAYS[OTHER])


@dataclass(frozen=True)
class Expiry:
    """What a round did: removed, left because somebody still needs it, and what could not be deleted."""

    removed: int = 0
    needed: int = 0
    failed: int = 0


def kind_of(call: CallSnapshot) -> str:
    """What a recording is, for the rule; a call to us in which a follow-up was done is kept as a follow-up."""
    if call.disposition in NOBODY_SPOKE:
        return UNHEARD
    return call.conversation.questionnaire_key or call.conversation.purpose


def with_time(kept: RecordingView, rule: Retention) -> RecordingView:
    """The recording with the day on which the rule removes it."""
    if kept.created_at is None or kept.held_because is not None:
        return kept
    return kept.model_copy(update={"kept_until": rule.until(kept.kind, kept.created_at)})


def hold(session: Session, call_id: UUID, reason: str | None, by_id: UUID | None, clock: Clock) -> None:
    """Keeps a recording until it is released, or releases it (no reason); audited.

    Raises:
        NotFound: There is no recording, or it was removed.
    """
    found = repository.locked_recording(session, call_id)
    if found is None or found.state != repository.READY:
        message = "这通电话没有录音"
        raise NotFound(message)
    repository.set_hold(session, found, reason, by_id, clock.now())
    action, purpose = ("recording.hold", "录音长期保留") if reason else ("recording.release", "录音解除长期保留")
    audit.record(session, by_id, action, "call", call_id, purpose, clock)


def due(
    session: Session, rule: Retention, now: datetime, after: tuple[datetime, UUID] | None = None
) -> list[tuple[datetime, UUID, str | None]]:
    """Recordings over their time, oldest first, at most BATCH: when recorded, the call, the kind."""
    limits = {kind: now - timedelta(days=days) for kind, days in rule.days.items() if kind != OTHER}
    return repository.over_time(session, limits, now - timedelta(days=rule.otherwise), after, BATCH)


def by_kind(session: Session) -> Mapping[str, int]:
    """How many recordings there are of each kind."""
    return {kind or OTHER: count for kind, count in repository.counts_by_kind(session).items()}


def needed(session: Session, call_ids: list[UUID]) -> set[UUID]:
    """Which calls somebody still works on: an open alert, recheck or case leads to them."""
    return (
        alerts.open_calls(session, call_ids)
        | responses.calls_to_recheck(session, call_ids)
        | assistant.open_case_calls(session, call_ids)
    )


def expire(sessions: Sessions, clock: Clock, folder: Path, rule: Retention, *, dry: bool = False) -> Expiry:
    """Removes what is over its time; each in a transaction of its own, so that a killed process goes on the next time.

    Args:
        sessions: Where the rows are.
        clock: Tells now.
        folder: Where the files lie.
        rule: The days.
        dry: Only count.
    """
    after, done = None, Expiry()
    while True:
        with sessions.begin() as session:
            found = due(session, rule, clock.now(), after)
            kept = needed(session, [call_id for _, call_id, _ in found]) if found else set()
        if not found:
            return done
        after = found[-1][:2]
        going = [call_id for _, call_id, _ in found if call_id not in kept]
        gone = len(going) if dry else sum(_remove(sessions, clock, folder, call_id) for call_id in going)
        done = Expiry(done.removed + gone, done.needed + len(kept), done.failed + len(going) - gone)


def _remove(sessions: Sessions, clock: Clock, folder: Path, call_id: UUID) -> bool:
    """Deletes the file, then says so: after a crash between the two the next round finds the row again."""
    with sessions.begin() as session:
        row = repository.locked_recording(session, call_id)
        if row is None or row.state != repository.READY or row.held_at is not None:
            return True
        try:
            if row.file_name:
                (folder / row.file_name).unlink(missing_ok=True)
        except OSError:
            return False
        repository.mark_removed(session, row, clock.now())
        audit.record(session, None, "recording.expire", "call", call_id, GONE, clock)
    return True
