"""The door of campaigns: routers, outbox handlers, background tasks, one dispatch round."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from campaigns.board.endpoints import router
from campaigns.board.service import preview
from campaigns.calling_in.schemas import DueFollowUp
from campaigns.calling_in.service import CallsIn
from campaigns.campaigns.schemas import CampaignIn, CampaignView, Preview
from campaigns.campaigns.service import cancel, create, get, pause, resume, start
from campaigns.campaigns.service import page as list_campaigns
from campaigns.dials.endpoints import router as dials_router
from campaigns.dials.schemas import DialSettings
from campaigns.dials.service import on_call_ended as dial_ended
from campaigns.dispatch.port import CallOrder, Dialler, Fate, FateUnknown, Refused
from campaigns.dispatch.runtime import CampaignRuntime, DispatchSettings
from campaigns.dispatch.service import TickReport, dispatch, tick
from campaigns.dispatch.tasks import make_celery, register_tasks, wake
from campaigns.dispatch.telephony import TelephonyDialler, conversation_of
from campaigns.dispatch.worker import Running, Ticker, start_in_process
from campaigns.dispositions.service import labels as disposition_labels
from campaigns.dispositions.service import load_library
from campaigns.outcomes.changes import RecordChanges
from campaigns.outcomes.service import NO_HURRY, Outcomes
from campaigns.people.service import count_open as count_people
from campaigns.policy.schemas import Window
from campaigns.record.core import CoreRecord
from campaigns.record.port import TaskSelection
from core_api.kit.clock import Clock
from core_api.kit.outbox import Handler

routers = [router, dials_router]

__all__ = [
    "CallOrder",
    "CallsIn",
    "CampaignIn",
    "CampaignRuntime",
    "CampaignView",
    "CoreRecord",
    "DialSettings",
    "Dialler",
    "DispatchSettings",
    "DueFollowUp",
    "Fate",
    "FateUnknown",
    "Preview",
    "Refused",
    "Running",
    "TaskSelection",
    "TelephonyDialler",
    "TickReport",
    "Ticker",
    "Window",
    "cancel",
    "conversation_of",
    "count_people",
    "create",
    "dispatch",
    "disposition_labels",
    "get",
    "handlers",
    "list_campaigns",
    "load_library",
    "make_celery",
    "pause",
    "preview",
    "register_tasks",
    "resume",
    "routers",
    "start",
    "start_in_process",
    "tick",
    "wake",
]


def handlers(
    clock: Clock, zone: ZoneInfo, retry_pace: Mapping[str, float] = NO_HURRY
) -> Mapping[str, Sequence[Handler]]:
    """Outbox handlers, by event name: of calls, and of what changes on the record."""
    record = CoreRecord()
    outcomes = Outcomes(record, clock, zone, retry_pace).handlers()
    ended = (*outcomes["call.ended"], dial_ended)
    return {**outcomes, **RecordChanges(record, clock).handlers(), "call.ended": ended}
