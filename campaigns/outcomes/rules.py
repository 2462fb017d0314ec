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


def follow(target: TargetView, meaning: DispositionView, outcome: CallOutcome, now: datetime) -> Following:
    """Says what an outcome means for its target.

    A retry adds to the count of its own kind only, so that three calls nobody answered leave the tries for a call
    that broke off untouched; a count that reaches its limit hands the target to people. A time that was promised,
    by the patient's wish or a relative's, is kept and counts as a call-back whatever the disposition.
    """
    if meaning.retry == "none":
        return Following(update=_final(meaning), task_status=meaning.task_status)
    asked = outcome.callback_at
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
        next_attempt_at=max(asked, now) if asked else now + timedelta(minutes=max(meaning.delay_minutes, 1)),
        callback_at=asked,
        **{field: count},
    )
    return Following(update=update, task_status="in_progress" if meaning.reached else None)


def _final(meaning: DispositionView) -> TargetUpdate:
    state = TargetState.PEOPLE if meaning.to_people else TargetState.DONE
    return TargetUpdate(state=state, reason=meaning.key, last_disposition=meaning.key)
