"""Responses, answers and rechecks as services return them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from core_api.questionnaires.schemas import AlertHit, AnswerValue, Level, Option, Score

Status = Literal["in_progress", "completed", "stopped"]
Source = Literal["speech", "keys", "chat", "staff"]
AnswerStatus = Literal["accepted", "uncertain", "refused", "skipped"]
RecheckStatus = Literal["open", "resolved"]
RecheckReason = Literal["not_understood", "low_confidence", "unwritten"]
Value = StrictBool | StrictInt | StrictFloat | date | StrictStr | tuple[str, ...]
JsonValue = bool | int | float | str | list[str] | None
"""What an answer's value is in JSON; a date is an ISO text, several codes are a list."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class AnswerIn(Frozen):
    """One answer as understood; `words` is what was heard, typed or pressed.

    `uncertain` and no value: not understood at all. `refused` and `skipped` have no value.
    """

    link_id: str = Field(max_length=64)
    value: Value | None = None
    words: str | None = Field(default=None, max_length=2000)
    confidence: float = Field(default=1.0, ge=0.0, le=1.0)
    source: Source = "speech"
    status: AnswerStatus = "accepted"


class StaffAnswer(Frozen):
    """An answer as staff enter it; no value means that it could not be found out."""

    link_id: str = Field(max_length=64)
    value: StrictBool | StrictInt | StrictFloat | StrictStr | list[str] | None = None


class AnswerView(Frozen):
    link_id: str
    question: str
    value: Value | None
    display: str
    words: str | None
    confidence: float
    status: AnswerStatus
    source: Source
    revision: int
    answered_at: datetime


def values_of(answers: Sequence["AnswerIn | AnswerView"]) -> dict[str, AnswerValue]:
    """Accepted values by link id."""
    return {one.link_id: one.value for one in answers if one.status == "accepted" and one.value is not None}


def skipped_of(answers: Sequence["AnswerIn | AnswerView"]) -> frozenset[str]:
    """Link ids done without an accepted value."""
    return frozenset(one.link_id for one in answers) - frozenset(values_of(answers))


class ResponseView(Frozen):
    id: UUID
    patient_id: UUID
    task_id: UUID | None
    call_id: UUID | None
    title: str
    questionnaire_key: str
    version: int
    channel: str
    status: Status
    started_at: datetime
    completed_at: datetime | None
    answers: tuple[AnswerView, ...] = ()
    scores: tuple[Score, ...] = ()

    @property
    def values(self) -> dict[str, AnswerValue]:
        """Accepted values by link id: what `next_item` and the alert rules count."""
        return values_of(self.answers)

    @property
    def skipped(self) -> frozenset[str]:
        """Link ids done without an accepted value."""
        return skipped_of(self.answers)


class FinishResult(Frozen):
    response_id: UUID
    status: Status
    alert_hits: tuple[AlertHit, ...]
    rechecks: tuple[UUID, ...]


class Received(Frozen):
    """A response that another system sent, as it was kept."""

    response: ResponseView
    new: bool
    alert_hits: tuple[AlertHit, ...]


class RecheckItem(Frozen):
    """What staff need to enter the right answer."""

    link_id: str
    type: str
    options: tuple[Option, ...]
    unit: str | None
    minimum: float | None
    maximum: float | None


class RecheckView(Frozen):
    id: UUID
    patient_id: UUID
    patient_name: str
    record_number: str
    questionnaire_title: str
    question: str
    item: RecheckItem
    words: str | None
    reading: str
    value: JsonValue
    confidence: float
    reason: RecheckReason
    level: Level | None
    """The alert that the uncertain reading would raise, were it right."""
    status: RecheckStatus
    response_id: UUID
    call_id: UUID | None
    created_at: datetime
    resolved_at: datetime | None = None


class RecheckOpened(Frozen):
    """A recheck to be kept."""

    response_id: UUID
    patient_id: UUID
    call_id: UUID | None = None
    link_id: str
    reason: RecheckReason
    level: Level | None


class RecheckRecord(RecheckOpened):
    """A kept recheck, without what belongs to other slices."""

    id: UUID
    status: RecheckStatus
    created_at: datetime
    resolved_at: datetime | None


class Resolution(Frozen):
    """A staff member's finding; no value means that it could not be found out."""

    value: StrictBool | StrictInt | StrictFloat | StrictStr | list[str] | None = None
    note: str = Field(default="", max_length=500)


class ResolveResult(Frozen):
    recheck_id: UUID
    alert_hits: tuple[AlertHit, ...]
