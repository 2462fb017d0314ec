"""A campaign over a fake record and a fake carrier, moved by hand."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.attempts.models import Attempt
from campaigns.campaigns import service as campaigns
from campaigns.campaigns.schemas import CampaignIn, CampaignRow
from campaigns.dispatch.runtime import CampaignRuntime, DispatchSettings
from campaigns.dispatch.service import TickReport, tick
from campaigns.dispositions.service import load_library
from campaigns.targets.models import CampaignTarget
from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions
from core_api.kit.outbox import handle_pending, publish
from tests.fakes.record import FakeRecord
from tests.fakes.telephony import FakeDialler

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass
class World:
    """Everything a campaign test needs."""

    sessions: Sessions
    clock: FixedClock
    record: FakeRecord = field(default_factory=FakeRecord)
    dialler: FakeDialler = field(default_factory=FakeDialler)
    runtime: CampaignRuntime = field(init=False)

    def __post_init__(self) -> None:
        self.runtime = CampaignRuntime(
            self.sessions, self.clock, ZONE, self.dialler, record=self.record, settings=DispatchSettings()
        )
        with self.sessions.begin() as session:
            load_library(session)

    def configure(self, **settings: Any) -> None:
        self.runtime = replace(self.runtime, settings=replace(self.runtime.settings, **settings))

    def campaign(self, **wanted: Any) -> UUID:
        """A started campaign."""
        with self.sessions.begin() as session:
            made = campaigns.create(session, CampaignIn(**({"name": "肾移植随访"} | wanted)), None, self.clock)
            return campaigns.start(session, made.id, self.clock).id

    def tick(self) -> TickReport:
        return tick(self.runtime)

    def later(self, **by: float) -> TickReport:
        self.clock.advance(timedelta(**by))
        return self.tick()

    def end(self, call_id: UUID, disposition: str | None, times: int = 1, **data: Any) -> None:
        """The carrier's side tells the outcome, as often as asked, and the outbox is worked off."""
        event = {"call_id": str(call_id), "attempt_id": str(call_id), "disposition": disposition, "answered": True}
        for _ in range(times):
            with self.sessions.begin() as session:
                publish(session, "call.ended", call_id, event | data, self.clock)
            assert handle_pending(self.sessions, self.runtime.outcomes.handlers(), self.clock) >= 1

    def end_last(self, disposition: str | None, **data: Any) -> None:
        self.end(self.dialler.orders[-1].call_id, disposition, **data)

    def targets(self) -> list[CampaignTarget]:
        with self.sessions() as session:
            return list(session.scalars(select(CampaignTarget).order_by(CampaignTarget.id)))

    def target(self) -> CampaignTarget:
        (only,) = self.targets()
        return only

    def target_of(self, task_id: UUID) -> CampaignTarget:
        """The target made of a task."""
        return next(target for target in self.targets() if target.task_id == task_id)

    def attempts(self) -> list[Attempt]:
        with self.sessions() as session:
            return list(session.scalars(select(Attempt).order_by(Attempt.id)))

    def states(self) -> list[str]:
        return [attempt.state for attempt in self.attempts()]

    def row(self, campaign_id: UUID) -> CampaignRow:
        with self.sessions() as session:
            return campaigns.row(session, campaign_id)

    def read(self) -> Session:
        return self.sessions()


def local(text: str) -> datetime:
    """A moment in the hospital's zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)
