"""The outcome transaction: all that comes of a call, or nothing of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from campaigns.attempts import service as attempts
from campaigns.attempts.schemas import AttemptView, Ended
from campaigns.campaigns import service as campaigns
from campaigns.campaigns.schemas import CampaignStatus
from campaigns.dispositions import service as dispositions
from campaigns.dispositions.schemas import DispositionView
from campaigns.outcomes import rules
from campaigns.outcomes.rules import Following
from campaigns.people import service as people
from campaigns.record.port import CallOutcome, PatientFlag, Record, TaskFacts
from campaigns.targets import service as targets
from campaigns.targets.schemas import DUE_STATES, TargetState, TargetUpdate, TargetView
from core_api.kit.clock import Clock
from core_api.kit.outbox import Event, Handler
from telephony.api import INBOUND

COMPLETED = "completed"
NO_HURRY: Mapping[str, float] = MappingProxyType({})
FLAGS: tuple[PatientFlag, ...] = ("do_not_contact", "deceased", "wrong_number")


class Outcomes:
    """Applies outcomes; holds only its ports.

    Args:
        record: The record.
        clock: Tells now.
        zone: The hospital's.
        retry_pace: By carrier, how many times faster what is waited for passes; a simulated one need not be waited for.
    """

    def __init__(
        self, record: Record, clock: Clock, zone: ZoneInfo, retry_pace: Mapping[str, float] = NO_HURRY
    ) -> None:
        self._record = record
        self._clock = clock
        self._zone = zone
        self._retry_pace = retry_pace

    def handlers(self) -> Mapping[str, Sequence[Handler]]:
        """Outbox handlers, by event name."""
        return {"call.ended": (self.on_call_ended,), "call.answered": (self.on_call_answered,)}

    def on_call_ended(self, session: Session, event: Event) -> None:
        """Handler of "call.ended"; told again it has no effect."""
        attempt_id = _attempt_id(event)
        if attempt_id is not None:
            self.apply(session, attempt_id, _outcome(event))

    def on_call_answered(self, session: Session, event: Event) -> None:
        """Handler of "call.answered"; late or repeated it has no effect."""
        attempt_id = _attempt_id(event)
        if attempt_id is not None:
            attempts.answered(session, attempt_id, self._clock)

    def apply(self, session: Session, attempt_id: UUID, outcome: CallOutcome) -> bool:
        """Writes an outcome in the caller's transaction: attempt, answers, alerts, task, target, patient.

        Returns:
            Whether it had an effect; False when the attempt has its outcome already, or is not ours.
        """
        attempt = attempts.get(session, attempt_id)
        if attempt is None:
            return False
        meaning = dispositions.get(session, COMPLETED if outcome.completed else outcome.disposition)
        if not self._end(session, attempt, meaning, outcome):
            self._keep_promise(session, attempt, meaning, outcome)
            return False
        response_id = outcome.response_id or attempt.response_id
        if response_id is not None and outcome.answered:
            completed = meaning.key == COMPLETED
            self._record.finish_response(session, response_id, completed=completed, clock=self._clock)
        self._flag(session, attempt.patient_id, meaning)
        target = targets.get(session, attempt.target_id)
        if target is not None and target.state in {TargetState.IN_PROGRESS, TargetState.PEOPLE}:
            pace = self._pace(session, attempt.campaign_id)
            following = rules.follow(target, meaning, outcome, self._clock.now(), pace)
            self._follow(session, target, following, response_id, tried=meaning.counts)
        campaigns.finish_if_done(session, attempt.campaign_id, self._clock)
        return True

    def _end(self, session: Session, attempt: AttemptView, meaning: DispositionView, outcome: CallOutcome) -> bool:
        how = Ended(
            disposition=meaning.key,
            reached=meaning.reached,
            dialled=meaning.counts,
            duration_seconds=outcome.duration_seconds,
        )
        ended = attempts.end(session, attempt.id, how, self._clock)
        return ended or attempts.correct(session, attempt.id, meaning.key, reached=meaning.reached)

    def _keep_promise(
        self, session: Session, attempt: AttemptView, meaning: DispositionView, outcome: CallOutcome
    ) -> None:
        """The same outcome came first without the time that was promised in the call."""
        target = targets.get(session, attempt.target_id)
        asked = outcome.callback_at
        if target is None or asked is None or attempt.disposition != meaning.key:
            return
        if target.state is TargetState.RETRYING and target.callback_at is None:
            pace, now = self._pace(session, attempt.campaign_id), self._clock.now()
            at = rules.promised(asked, now, pace)
            update = TargetUpdate(state=TargetState.RETRYING, next_attempt_at=at, callback_at=asked)
            targets.put(session, target.id, update)

    def _pace(self, session: Session, campaign_id: UUID) -> float:
        return self._retry_pace.get(campaigns.row(session, campaign_id).carrier, 1.0) if self._retry_pace else 1.0

    def _flag(self, session: Session, patient_id: UUID, meaning: DispositionView) -> None:
        for flag in FLAGS:
            if getattr(meaning, flag):
                self._record.flag_patient(session, patient_id, flag, self._clock)

    def _follow(
        self, session: Session, target: TargetView, following: Following, response_id: UUID | None, *, tried: bool
    ) -> None:
        update = _possible(session, target, following.update)
        targets.put(session, target.id, update, tried=tried)
        if update.state is TargetState.PEOPLE:
            people.open_case(session, target, update.reason or dispositions.UNKNOWN, self._clock)
        elif target.state is TargetState.PEOPLE:
            people.settle(session, target.id, "superseded", self._clock)
        task = self._record.task(session, target.task_id)
        if following.task_status is not None and task is not None:
            self._set_task(session, target.task_id, task, following, response_id)

    def _set_task(
        self, session: Session, task_id: UUID, task: TaskFacts, following: Following, response_id: UUID | None
    ) -> None:
        status = following.task_status
        if status is None or task.status == "done" or (not task.open and status == "in_progress"):
            return
        reason = following.update.last_disposition or dispositions.UNKNOWN
        self._record.set_task_status(session, task_id, status, response_id, reason, self._clock)
        if status == "done":
            self._record.after_response(session, task_id, self._clock, self._zone)


def _possible(session: Session, target: TargetView, update: TargetUpdate) -> TargetUpdate:
    """A campaign that is over calls nobody again: what it would call about is cancelled, or stays with people."""
    status = campaigns.row(session, target.campaign_id).status
    if update.state not in DUE_STATES or status not in {CampaignStatus.CANCELLED, CampaignStatus.FINISHED}:
        return update
    if status is CampaignStatus.CANCELLED:
        return TargetUpdate(state=TargetState.CANCELLED, last_disposition=update.last_disposition)
    reason = update.last_disposition
    return TargetUpdate(state=TargetState.PEOPLE, reason=reason, last_disposition=reason)


def _attempt_id(event: Event) -> UUID | None:
    """The attempt that a call is: the one it was placed for, or one under its own id where the patient called us."""
    named = "call_id" if event.data.get("direction") == INBOUND else "attempt_id"
    try:
        return UUID(str(event.data.get(named)))
    except ValueError:
        return None


def _outcome(event: Event) -> CallOutcome:
    data = event.data
    callback_at = data.get("callback_at")
    return CallOutcome(
        disposition=data.get("disposition"),
        answered=bool(data.get("answered")),
        completed=bool(data.get("completed")),
        callback_at=datetime.fromisoformat(callback_at) if isinstance(callback_at, str) else None,
        response_id=data.get("response_id"),
        duration_seconds=data.get("duration_seconds"),
    )
