"""What follows from an outcome, as a pure function."""

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from campaigns.dispositions.schemas import DispositionView, FollowUpStatus
from campaigns.record.port import CallOutcome
from campaigns.targets.schemas import TargetState, TargetUpdate, TargetView

UNREACHABLE: FollowUpStatus = "unreachable"


class Following(BaseModel):
    """What follows.

    Attributes:
        update: Where the target stands now.
        task_status: What the task is set to; None leaves it.
    """

    model_config = ConfigDict(frozen=True)

    update: TargetUpdate
    task_status: FollowUpStatus | None = None


def follow(
    target: TargetView, meaning: DispositionView, outcome: CallOutcome, now: datetime, pace: float = 1.0
) -> Following:
    """Says what an outcome means for its target.

    A retry adds to the count of its own kind only, so that three calls nobody answered leave the tries for a call
    that broke off untouched; a count that reaches its limit hands the target to people. A time that was promised,
    by the patient's wish or a relative's, is kept and counts as a call-back whatever the disposition. At a pace other
    than 1 all that is waited for passes so many times faster.
    """
    if meaning.retry == "none":
        return Following(update=_final(meaning), task_status=meaning.task_status)
    if not meaning.counts:
        return Following(update=_not_tried(target, meaning, now, pace))
    asked = None if outcome.callback_at is None else promised(outcome.callback_at, now, pace)
    field = "callback_count" if asked else f"{meaning.retry}_count"
    count = int(getattr(target, field)) + 1
    if count >= meaning.attempts_limit:
        update = TargetUpdate(
            state=TargetState.PEOPLE, reason=meaning.key, last_disposition=meaning.key, **{field: count}
        )
        return Following(update=update, task_status=UNREACHABLE)
    update = TargetUpdate(
        state=TargetState.RETRYING,
        last_disposition=meaning.key,
        next_attempt_at=asked or now + timedelta(minutes=max(meaning.delay_minutes, 1)) / pace,
        callback_at=asked,
        **{field: count},
    )
    return Following(update=update, task_status="in_progress" if meaning.reached else None)


def promised(at: datetime, now: datetime, pace: float = 1.0) -> datetime:
    """When a promised call is due: not before now, and sooner at a pace other than 1."""
    return now + max(at - now, timedelta()) / pace


def _not_tried(target: TargetView, meaning: DispositionView, now: datetime, pace: float) -> TargetUpdate:
    """Back in the queue as it was, a promised time included."""
    return TargetUpdate(
        state=TargetState.RETRYING if target.attempts_made else TargetState.WAITING,
        last_disposition=meaning.key,
        next_attempt_at=now + timedelta(minutes=meaning.delay_minutes) / pace,
        callback_at=target.callback_at,
    )


def _final(meaning: DispositionView) -> TargetUpdate:
    state = TargetState.PEOPLE if meaning.to_people else TargetState.DONE
    return TargetUpdate(state=state, reason=meaning.key, last_disposition=meaning.key)
