"""The dialler that telephony is."""

from uuid import UUID

from campaigns.dispatch.port import CallOrder, Fate, FateUnknown, Refused
from core_api.kit.errors import NotFound
from telephony import api as telephony

NO_CARRIER = "carrier_failed"


class TelephonyDialler:
    """Places calls through telephony.

    Args:
        runtime: Telephony's own; made by the composition root.
    """

    def __init__(self, runtime: telephony.TelephonyRuntime) -> None:
        self._runtime = runtime

    def place(self, order: CallOrder) -> str:
        """Asks telephony to call; its refusals become the port's own errors. No such carrier: nobody was dialled."""
        try:
            return telephony.place_call(self._runtime, _request(order)).carrier_sid
        except telephony.CarrierRefused as refusal:
            raise Refused(refusal.disposition) from refusal
        except telephony.CarrierUnknown as unknown:
            raise FateUnknown from unknown
        except NotFound as missing:
            raise Refused(NO_CARRIER) from missing

    def fate(self, call_id: UUID) -> Fate:
        """What became of a call."""
        try:
            found = telephony.fetch_fate(self._runtime, call_id)
        except telephony.CarrierUnknown as unknown:
            raise FateUnknown from unknown
        except NotFound:
            return Fate(state="not_found")
        return Fate.model_validate(found.model_dump())


def conversation_of(order: CallOrder) -> telephony.ConversationSpec:
    """What the call's conversation begins with."""
    return telephony.ConversationSpec(
        conversation_id=order.conversation_id,
        purpose="follow_up",
        patient_id=order.patient_id,
        task_id=order.task_id,
        response_id=order.response_id,
        questionnaire_key=order.questionnaire_key,
        questionnaire_version=order.questionnaire_version,
        hospital_name=order.hospital_name,
        department=order.department,
        salutation=order.salutation,
        full_name=order.full_name,
        elder=order.elder,
        context=order.context,
        callback_window=order.callback_window,
    )


def _request(order: CallOrder) -> telephony.CallRequest:
    return telephony.CallRequest(
        call_id=order.call_id,
        patient_id=order.patient_id,
        phone_e164=order.phone_e164,
        carrier=order.carrier,
        conversation=conversation_of(order),
        ring_timeout_seconds=order.ring_timeout_seconds,
        max_seconds=order.max_seconds,
        idempotency_key=str(order.call_id),
        campaign_id=order.campaign_id,
        persona=order.persona,
        caller_id=order.caller_id,
    )
