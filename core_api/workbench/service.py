"""The numbers of the workbench, each from the slice that owns it."""

from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core_api.alerts import service as alerts
from core_api.kit.clock import Clock
from core_api.plans import service as plans
from core_api.responses import service as responses
from core_api.workbench.schemas import Today, Workbench


def workbench(session: Session, clock: Clock, zone: ZoneInfo) -> Workbench:
    """What waits today."""
    tasks, alarms = plans.counts(session, clock, zone), alerts.counts(session, clock)
    return Workbench(
        today=Today(due=tasks.due, done=tasks.done, overdue=tasks.overdue),
        alerts_open=alarms.open,
        alerts_overdue=alarms.overdue,
        rechecks_open=responses.count_open(session),
    )
