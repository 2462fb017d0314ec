"""Whom a campaign is for, besides due plan tasks: who owes a storage fee, who finished an episode, a list."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

LONGEST_LIST = 5000


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlanTasks(Frozen):
    """Due tasks of plans, narrowed by the campaign's filter."""

    kind: Literal["tasks"] = "tasks"


class StorageFees(Frozen):
    """Storage contracts in arrears, or paid for no longer than so many days from today."""

    kind: Literal["storage_fees"]
    due_within_days: int = Field(default=30, ge=0, le=365)
    arrears: bool = True


class Satisfaction(Frozen):
    """Who finished an episode, or answered so many follow-ups, within the last days."""

    kind: Literal["satisfaction"]
    after: Literal["episode", "calls"] = "episode"
    completed_calls: int = Field(default=3, ge=1, le=50)
    within_days: int = Field(default=90, ge=1, le=730)


class RecordList(Frozen):
    """Patients by record number: each is asked the questionnaire, or, without one, what is due for them."""

    kind: Literal["list"]
    record_numbers: tuple[Annotated[str, Field(min_length=1, max_length=64)], ...] = Field(
        min_length=1, max_length=LONGEST_LIST
    )
    questionnaire_key: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]{0,63}$")


Source = Annotated[PlanTasks | StorageFees | Satisfaction | RecordList, Field(discriminator="kind")]
