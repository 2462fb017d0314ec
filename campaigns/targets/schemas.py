"""A target as services return it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class TargetState(StrEnum):
    """Where a target stands; `retrying` waits too, after at least one try."""

    WAITING = "waiting"
    RETRYING = "retrying"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    PEOPLE = "people"
    EXCLUDED = "excluded"
    CANCELLED = "cancelled"


DUE_STATES = (TargetState.WAITING, TargetState.RETRYING)
OPEN_STATES = (*DUE_STATES, TargetState.IN_PROGRESS)


class TargetView(BaseModel):
    """One person in a campaign."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    campaign_id: UUID
    patient_id: UUID
    task_id: UUID
    state: TargetState
    reason: str | None
    next_attempt_at: datetime
    callback_at: datetime | None
    last_disposition: str | None
    attempts_made: int
    no_answer_count: int
    unfinished_count: int
    callback_count: int


class NewTarget(BaseModel):
    """A target to be planned; with a reason it is left out from the start."""

    model_config = ConfigDict(frozen=True)

    patient_id: UUID
    task_id: UUID
    reason: str | None = None


class TargetUpdate(BaseModel):
    """Where an outcome or a refusal of the policy puts a target."""

    model_config = ConfigDict(frozen=True)

    state: TargetState
    reason: str | None = None
    next_attempt_at: datetime | None = None
    callback_at: datetime | None = None
    last_disposition: str | None = None
    no_answer_count: int | None = None
    unfinished_count: int | None = None
    callback_count: int | None = None
