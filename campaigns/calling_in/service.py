"""Which follow-up a confirmed caller may do now, and the attempt that it becomes; verbs never commit."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy.orm import Session

from campaigns.attempts import service as attempts
from campaigns.attempts.schemas import Arrived
from campaigns.calling_in.schemas import DueFollowUp
from campaigns.campaigns import service as campaigns
from campaigns.campaigns.schemas import CampaignRow, CampaignStatus
from campaigns.dispatch.orders import Parts, order_of
from campaigns.dispatch.port import CallOrder
from campaigns.dispatch.runtime import DispatchSettings
from campaigns.policy.rules import lasting_reasons
from campaigns.record.port import Record, TaskFacts
from campaigns.record.sources import StorageFees
from campaigns.targets import service as targets
from campaigns.targets.schemas import DUE_STATES, TargetState, TargetView
from core_api.kit.clock import Clock
from core_api.kit.crypto import blind

MAY_STILL_ASK = frozenset({CampaignStatus.RUNNING, CampaignStatus.FINISHED})
"""A campaign that is over may still have people to reach by hand; one that is paused or cancelled asks nothing."""
UNREACHABLE = "unreachable"


class CallsIn:
    """Follow-ups in calls to us; holds only its ports."""

    def __init__(self, record: Record, clock: Clock, settings: DispatchSettings, hospital_name: str) -> None:
        self._record = record
        self._clock = clock
        self._settings = settings
        self._hospital_name = hospital_name

    def due(self, session: Session, patient_id: UUID) -> DueFollowUp | None:
        """The follow-up to be offered; None where none is due, or a call of ours to the patient is under way."""
        if attempts.patient_in_call(session, patient_id):
            return None
        for _, _, task in self._open(session, patient_id):
            return DueFollowUp(title=task.title, due_on=task.due_on)
        return None

    def begin(self, session: Session, patient_id: UUID, call_id: UUID, conversation_id: UUID) -> CallOrder | None:
        """Takes the follow-up up as the attempt that the call is; from here on no worker dials for it.

        Returns:
            What the call is made of; None where a worker, or another call, was first.
        """
        for target, campaign, task in self._open(session, patient_id):
            order = self._take(session, target, campaign, task, (call_id, conversation_id))
            if order is not None:
                return order
        return None

    def _open(self, session: Session, patient_id: UUID) -> Iterator[tuple[TargetView, CampaignRow, TaskFacts]]:
        """The patient's targets that may be asked about now, those still to be called first."""
        if lasting_reasons(self._record.contact_facts(session, [patient_id]).get(patient_id)):
            return
        for state in (*DUE_STATES, TargetState.PEOPLE):
            for target in targets.of_patient(session, patient_id, state):
                campaign = campaigns.row(session, target.campaign_id)
                task = self._record.task(session, target.task_id)
                if task is not None and _may_ask(target, campaign, task):
                    yield target, campaign, task

    def _take(
        self,
        session: Session,
        target: TargetView,
        campaign: CampaignRow,
        task: TaskFacts,
        ids: tuple[UUID, UUID],
    ) -> CallOrder | None:
        callee = self._record.callee(session, target.patient_id, self._clock)
        context = self._record.context(session, target.task_id, task)
        if callee is None or context is None:
            return None
        call_id, conversation_id = ids
        with session.begin_nested() as step:
            opened = self._record.open_response(session, target.task_id, task, call_id, self._clock)
            now = self._clock.now()
            arrived = Arrived(
                id=call_id,
                campaign_id=campaign.id,
                target_id=target.id,
                patient_id=target.patient_id,
                phone_key=blind(session, "phone", callee.phone_e164),
                at=now,
                lease_until=now + self._settings.listen_for,
                conversation_id=conversation_id,
                response_id=opened.response_id,
            )
            taken = target.state is TargetState.PEOPLE or targets.claim(session, target.id)
            if not taken or not attempts.arrive(session, arrived):
                step.rollback()
                return None
        parts = Parts(call_id, conversation_id, target, campaign, callee, opened, context)
        return order_of(parts, self._settings, self._hospital_name)


def _may_ask(target: TargetView, campaign: CampaignRow, task: TaskFacts) -> bool:
    """A reminder of a fee is no follow-up; who could not be reached before has called now."""
    if isinstance(campaign.source, StorageFees):
        return False
    if target.state is TargetState.PEOPLE:
        return campaign.status in MAY_STILL_ASK and task.status == UNREACHABLE
    return campaign.status is CampaignStatus.RUNNING and task.open
