"""What dispatching works with; made once by the composition root."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from campaigns.dispatch.port import Dialler
from campaigns.outcomes.service import Outcomes
from campaigns.record.core import CoreRecord
from campaigns.record.port import Record
from core_api.kit.clock import Clock
from core_api.kit.db import Sessions


@dataclass(frozen=True)
class DispatchSettings:
    """Limits and distances.

    Attributes:
        max_concurrent: Live calls over all campaigns.
        batch: Attempts planned in one dispatch round.
        planning_batch: Tasks planned in one transaction.
        lease: How long a worker may hold an attempt before dialling.
        wake_after: When a planned attempt whose task was lost is woken again.
        answer_within: How long the carrier may take to take a call before its fate is asked.
        ask_every: Distance between two questions to the carrier.
        not_found_after: A call that the carrier does not know so long after dialling was never placed.
        give_up_after: A fate not known by then goes to people.
    """

    max_concurrent: int = 20
    batch: int = 200
    planning_batch: int = 2000
    lease: timedelta = timedelta(seconds=60)
    wake_after: timedelta = timedelta(seconds=30)
    answer_within: timedelta = timedelta(seconds=60)
    ask_every: timedelta = timedelta(seconds=30)
    not_found_after: timedelta = timedelta(seconds=120)
    give_up_after: timedelta = timedelta(hours=12)
    ring_timeout_seconds: int = 40
    max_call_seconds: int = 900

    @property
    def listen_for(self) -> timedelta:
        """How long a call on the line may be silent before its fate is asked."""
        return timedelta(seconds=self.ring_timeout_seconds + self.max_call_seconds) + self.answer_within


@dataclass(frozen=True)
class CampaignRuntime:
    """Ports and settings of dispatching."""

    sessions: Sessions
    clock: Clock
    zone: ZoneInfo
    dialler: Dialler
    hospital_name: str = "示例医院"
    record: Record = field(default_factory=CoreRecord)
    settings: DispatchSettings = DispatchSettings()
    owner: str = "worker"
    retry_pace: Mapping[str, float] = field(default_factory=dict)

    @property
    def outcomes(self) -> Outcomes:
        """The outcome transaction."""
        return Outcomes(self.record, self.clock, self.zone, self.retry_pace)
