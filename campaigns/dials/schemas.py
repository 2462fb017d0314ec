"""Calls dialled by hand as HTTP takes and publishes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from campaigns.policy.schemas import Window
from core_api.kit.errors import ServiceError

SourceKind = Literal["patient", "alert", "people", "desk"]
Result = Literal["reached", "no_answer", "busy", "wrong_number", "call_back"]
RESULT_LABELS: Mapping[Result, str] = {
    "reached": "已联系上",
    "no_answer": "无人接听",
    "busy": "占线",
    "wrong_number": "号码有误",
    "call_back": "约定再拨",
}


@dataclass(frozen=True)
class DialSettings:
    """How people call patients.

    Attributes:
        carrier: The line.
        window: When people call; times in the hospital's zone.
        patient_daily_cap: Calls to a patient a day, the campaigns' among them.
        caller_ids: Number that is shown, in E.164, by department; the line's own for others.
    """

    carrier: str = "simulator"
    window: Window = field(default_factory=lambda: Window(start=time(8), end=time(21)))
    patient_daily_cap: int = 3
    caller_ids: Mapping[str, str] = field(default_factory=dict)


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)


class Obstacle(Frozen):
    """A rule that stands against the call; `overridable`: with a reason one may call all the same."""

    code: str
    label: str
    overridable: bool


class DialCheck(Frozen):
    """Whether a patient may be called by hand now.

    Attributes:
        needs_reason: Every rule against it may be overridden with a reason.
        next_allowed_at: When no rule will stand against it, where waiting helps.
        danger: A red alert on the patient is open.
        call_id: The call that the patient is in now.
        pace: The line's; other than 1 only on the simulator, where nobody could be understood.
    """

    allowed: bool
    needs_reason: bool
    obstacles: list[Obstacle]
    next_allowed_at: datetime | None = None
    danger: bool = False
    call_id: UUID | None = None
    pace: float = 1.0


class DialIn(Frozen):
    """A patient to call, where the wish came from, and why although a rule stands against it."""

    patient_id: UUID
    source_kind: SourceKind = "patient"
    source_id: UUID | None = None
    reason: str | None = Field(default=None, min_length=2, max_length=200, repr=False)


class DialStarted(Frozen):
    """The page connects to `/api/calls/{call_id}/line`; then the patient's telephone rings."""

    call_id: UUID


class DialResult(Frozen):
    """What a call came to, as the person says who made it."""

    result: Result
    note: str = Field(default="", max_length=2000, repr=False)
    call_back_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _time_where_it_is_promised(self) -> Self:
        if (self.call_back_at is not None) != (self.result == "call_back"):
            raise ValueError("call_back_at belongs to call_back")
        return self


class DialView(Frozen):
    """A call dialled by hand."""

    id: UUID
    patient_id: UUID
    user_id: UUID
    source_kind: str
    source_id: UUID | None
    overridden: list[str]
    """Labels of the rules that were overridden."""
    reason: str | None = Field(repr=False)
    dialled_at: datetime
    result: str | None
    result_label: str | None
    call_back_at: datetime | None
    note: str | None = Field(repr=False)
    noted_at: datetime | None


class DialRefused(ServiceError):
    """The policy forbids the call.

    Args:
        message: As of any refusal.
        found: The rules against it.
    """

    default_code = "dial_refused"
    status = 409

    def __init__(self, message: str, found: Sequence[Obstacle]) -> None:
        super().__init__(message)
        self.items = tuple({"field": one.code, "reason": one.label} for one in found)
