"""What laboratory results take and show."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Change = Literal["created", "updated", "unchanged"]
SampleKey = tuple[UUID, str, str]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class ObservationIn(Frozen):
    """A result as the laboratory reports it.

    Attributes:
        value_text: As written, such as "<1.0".
        comparator: "<", ">", "<=" or ">=" when the result is a bound.
        value: The number, or None for a result in words.
    """

    patient_id: UUID
    sample_number: str = Field(min_length=1, max_length=64)
    code: str = Field(min_length=1, max_length=32)
    name: str = Field(max_length=64)
    sampled_at: AwareDatetime
    value_text: str = Field(max_length=64)
    comparator: str | None = Field(default=None, max_length=2)
    value: float | None = None
    unit: str | None = Field(default=None, max_length=32)
    reference_low: float | None = None
    reference_high: float | None = None
    flag: str | None = Field(default=None, max_length=8)

    @property
    def key(self) -> SampleKey:
        """What makes a result one."""
        return self.patient_id, self.sample_number, self.code


class Point(Frozen):
    """One result of a series; `flag` is "H", "L" or None, from the reference range where the device gave none."""

    at: datetime
    value: float | None
    comparator: str | None
    text: str
    flag: str | None
    critical: bool


class Series(Frozen):
    """One analyte over time, with the newest reference range."""

    code: str
    name: str
    unit: str | None
    low: float | None
    high: float | None
    points: tuple[Point, ...]
