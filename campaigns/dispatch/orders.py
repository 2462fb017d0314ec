"""What a call is made of: the campaign's, the task's and the patient's parts put together."""

from typing import NamedTuple
from uuid import UUID

from campaigns.campaigns.schemas import CampaignRow
from campaigns.dispatch.port import CallOrder
from campaigns.dispatch.runtime import DispatchSettings
from campaigns.record.port import Callee, OpenResponse
from campaigns.targets.schemas import TargetView


class Parts(NamedTuple):
    """The parts of one call; personal data, never logged."""

    call_id: UUID
    conversation_id: UUID
    target: TargetView
    campaign: CampaignRow
    callee: Callee
    opened: OpenResponse
    context: dict[str, str]


def order_of(parts: Parts, settings: DispatchSettings, hospital_name: str) -> CallOrder:
    """Puts a call together."""
    target, campaign, callee, opened = parts.target, parts.campaign, parts.callee, parts.opened
    return CallOrder(
        call_id=parts.call_id,
        campaign_id=campaign.id,
        patient_id=target.patient_id,
        task_id=target.task_id,
        conversation_id=parts.conversation_id,
        response_id=opened.response_id,
        questionnaire_key=opened.questionnaire_key,
        questionnaire_version=opened.questionnaire_version,
        hospital_name=hospital_name,
        department=callee.department,
        carrier=campaign.carrier,
        phone_e164=callee.phone_e164,
        salutation=callee.salutation,
        full_name=callee.name,
        ring_timeout_seconds=settings.ring_timeout_seconds,
        max_seconds=settings.max_call_seconds,
        persona=callee.persona,
        caller_id=campaign.caller_id,
        elder=callee.elder,
        context=parts.context,
        callback_window=(campaign.window_start, campaign.window_end),
    )
