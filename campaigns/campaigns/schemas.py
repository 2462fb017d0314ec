"""Campaigns as HTTP takes and publishes them."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from campaigns.record.port import Selection, TaskSelection
from campaigns.record.sources import PlanTasks, Source

HourMinute = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class CampaignStatus(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class CampaignIn(Frozen):
    """A campaign to be made; times in the hospital's zone."""

    name: str = Field(min_length=1, max_length=120)
    filter: TaskSelection = TaskSelection()
    source: Source = PlanTasks()
    window_start: HourMinute = "09:00"
    window_end: HourMinute = "20:00"
    daily_cap: int = Field(default=1000, ge=1, le=1_000_000)
    patient_daily_cap: int = Field(default=2, ge=1, le=10)
    max_concurrent: int = Field(default=10, ge=1, le=1000)
    skip_holidays: bool = True
    standing: bool = False
    carrier: str = Field(default="simulator", max_length=32)
    caller_id: str | None = Field(default=None, pattern=r"^\+[1-9]\d{7,14}$")

    @model_validator(mode="after")
    def _window_opens(self) -> Self:
        if self.window_start >= self.window_end:
            raise ValueError("window_end must be after window_start")
        return self


class Counts(Frozen):
    """Targets by where they stand; `excluded` are not part of `total`."""

    total: int = 0
    waiting: int = 0
    in_progress: int = 0
    done: int = 0
    retrying: int = 0
    people: int = 0
    excluded: int = 0
    cancelled: int = 0


class CampaignRow(Frozen):
    """A campaign as other slices need it."""

    id: UUID
    name: str
    status: CampaignStatus
    filter: TaskSelection
    source: Source = PlanTasks()
    window_start: str
    window_end: str
    daily_cap: int
    patient_daily_cap: int
    max_concurrent: int
    skip_holidays: bool
    standing: bool
    carrier: str
    caller_id: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    planned_on: date | None
    planned_after: UUID | None
    planned: bool

    @field_validator("source", mode="before")
    @classmethod
    def _tasks_unless_said(cls, value: object) -> object:
        return PlanTasks() if value is None else value

    def selection(self, today: date, zone: ZoneInfo) -> Selection:
        """Whom it wants on a day."""
        return Selection(
            campaign_id=self.id, name=self.name, source=self.source, filter=self.filter, today=today, zone=zone
        )

    @property
    def window(self) -> tuple[time, time]:
        """The calling window."""
        return time.fromisoformat(self.window_start), time.fromisoformat(self.window_end)


class CampaignView(CampaignRow):
    """A campaign with its counts."""

    counts: Counts = Counts()


class ExcludedCount(Frozen):
    reason: str
    label: str
    count: int


class Preview(Frozen):
    """Whom a campaign would call, before it is made; `complete` is false when only the first part was looked at."""

    targets: int
    excluded: list[ExcludedCount]
    complete: bool = True


class OutcomeCount(Frozen):
    disposition: str
    label: str
    count: int


class LiveCallView(Frozen):
    call_id: UUID
    patient_id: UUID
    patient_name: str
    state: str
    started_at: datetime | None
    last_text: str | None = None


class MinuteCount(Frozen):
    minute: datetime
    ended: int


class Board(Frozen):
    """A campaign's live board."""

    campaign: CampaignView
    counts: Counts
    outcomes: list[OutcomeCount]
    live: list[LiveCallView]
    per_minute: list[MinuteCount]


class TargetLine(Frozen):
    """A target in a list."""

    id: UUID
    patient_id: UUID
    patient_name: str
    record_number: str
    task_id: UUID
    state: str
    reason: str | None
    reason_label: str | None
    last_disposition: str | None
    last_label: str | None
    attempts_made: int
    next_attempt_at: datetime
