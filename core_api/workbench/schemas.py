"""What a day begins with."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Today(Frozen):
    """Open tasks due by today, of these the overdue ones, and tasks done today."""

    due: int
    done: int
    overdue: int


class Workbench(Frozen):
    """The core's numbers; calls and campaigns publish their own."""

    today: Today
    alerts_open: int
    alerts_overdue: int
    rechecks_open: int
