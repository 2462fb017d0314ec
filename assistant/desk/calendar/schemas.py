"""Days, hours and working time."""

from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

DayKind = Literal["holiday", "workday"]
CLOCK_TEXT = r"^([01]\d|2[0-3]):[0-5]\d$"


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class CalendarDay(Frozen):
    day: date
    kind: DayKind
    name: str


class DayIn(Frozen):
    kind: DayKind
    name: str = Field(min_length=1, max_length=40)


class Hours(Frozen):
    """Opening hours of a weekday (1 Monday .. 7 Sunday), "HH:MM"; end "00:00" is midnight. Several make a split day."""

    weekday: int = Field(ge=1, le=7)
    start: str = Field(pattern=CLOCK_TEXT)
    end: str = Field(pattern=CLOCK_TEXT)


class WorkingTime(Frozen):
    """When the clock of a queue runs."""

    zone: ZoneInfo
    hours: tuple[Hours, ...]
    days: dict[date, DayKind] = {}
