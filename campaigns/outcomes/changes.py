"""What changes of the record mean for targets: consent that comes later, tasks that people close."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from campaigns.campaigns import service as campaigns
from campaigns.campaigns.schemas import CampaignStatus
from campaigns.people import service as people
from campaigns.policy.rules import lasting_reasons
from campaigns.record.port import Record
from campaigns.targets import service as targets
from campaigns.targets.schemas import TargetState, TargetUpdate, TargetView
from core_api.kit.clock import Clock
from core_api.kit.outbox import Event, Handler

OPEN_CAMPAIGNS = (CampaignStatus.RUNNING, CampaignStatus.PAUSED)
NEEDLESS = {
    "done": (TargetState.WAITING, TargetState.RETRYING, TargetState.PEOPLE),
    "cancelled": (TargetState.WAITING, TargetState.RETRYING),
}
"""Targets that a closed task makes needless; a case may be open because of what cancelled the task."""
TASK_CLOSED = "task_closed"


class RecordChanges:
    """Follows the record; holds only its ports."""

    def __init__(self, record: Record, clock: Clock) -> None:
        self._record = record
        self._clock = clock

    def handlers(self) -> Mapping[str, Sequence[Handler]]:
        """Outbox handlers, by event name."""
        return {"patient.changed": (self.on_patient_changed,), "task.changed": (self.on_task_changed,)}

    def on_patient_changed(self, session: Session, event: Event) -> None:
        """Handler of "patient.changed": who was left out and may be called now is taken in again."""
        patient_id = UUID(str(event.data["patient_id"]))
        left_out = targets.excluded(session, patient_id)
        facts = self._record.contact_facts(session, [patient_id]).get(patient_id) if left_out else None
        if facts is None or lasting_reasons(facts):
            return
        for target in left_out:
            self._readmit(session, target)

    def on_task_changed(self, session: Session, event: Event) -> None:
        """Handler of "task.changed": nobody is called about a task that staff closed."""
        status = str(event.data.get("status"))
        if status not in NEEDLESS:
            return
        for target in targets.of_task(session, UUID(str(event.data["task_id"]))):
            if target.state in NEEDLESS[status]:
                targets.put(session, target.id, TargetUpdate(state=TargetState.DONE, reason=TASK_CLOSED))
                people.settle(session, target.id, status, self._clock)
                campaigns.finish_if_done(session, target.campaign_id, self._clock)

    def _readmit(self, session: Session, target: TargetView) -> None:
        task = self._record.task(session, target.task_id)
        if task is None or not task.open or campaigns.row(session, target.campaign_id).status not in OPEN_CAMPAIGNS:
            return
        state = TargetState.RETRYING if target.attempts_made else TargetState.WAITING
        targets.put(session, target.id, TargetUpdate(state=state, next_attempt_at=self._clock.now()))
