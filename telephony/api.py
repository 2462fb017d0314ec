"""Telephony's door: place calls, learn their fate, look them up; routers for the composition root."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.paging import Page
from telephony.calls import by_hand, endpoints, retention, service
from telephony.calls.by_hand import STAFF_CALL, dialled_since, note_result, under_way
from telephony.calls.retention import Expiry, Retention
from telephony.calls.rules import INBOUND
from telephony.calls.schemas import (
    CallFate,
    CallFilter,
    CallRequest,
    CallView,
    ConversationSpec,
    Placed,
)
from telephony.carriers.asterisk.account import AsteriskAccount
from telephony.carriers.asterisk.carrier import AsteriskCarrier
from telephony.carriers.asterisk.examining import ExchangeState, examine
from telephony.carriers.asterisk.exchange import Exchange
from telephony.carriers.browser.carrier import BrowserCarrier
from telephony.carriers.ports import Carrier, CarrierRefused, CarrierUnknown
from telephony.carriers.twilio import TwilioAccount, TwilioCarrier
from telephony.fates import fetch_fate
from telephony.people.socket import router as people
from telephony.people.trials import router as trials
from telephony.placing import place_call
from telephony.prompts.endpoints import router as prompts
from telephony.prompts.voice import RecordedVoice
from telephony.recovery import recover
from telephony.runtime import TelephonyRuntime, VoiceSettings
from telephony.session.conversation import Conversations, Heard, Outcome, Spoken
from telephony.speech.choosing import Hearing, HearingChoice
from telephony.speech.choosing import choose as choose_hearing
from telephony.speech.choosing import warm_up as warm_up_hearing
from telephony.speech.grammars import Expected
from telephony.speech.installing import SMALL_CN, install, unpack
from telephony.speech.model_files import SHIPPED, ModelInfo, describe
from telephony.speech.recognition import RecognitionUnavailable
from telephony.speech.sherpa_model import describe as describe_sherpa
from telephony.speech.sherpa_model import how_to_install as how_to_install_sherpa
from telephony.speech.sherpa_model import library as sherpa_library
from telephony.speech.synthesis import EspeakSynthesizer, Synthesizer, Voice
from telephony.webhooks import router as webhooks
from telephony.winding_down import wind_down

__all__ = [
    "INBOUND",
    "SHIPPED",
    "SMALL_CN",
    "STAFF_CALL",
    "AsteriskAccount",
    "AsteriskCarrier",
    "BrowserCarrier",
    "CallFate",
    "CallFilter",
    "CallRequest",
    "CallView",
    "Carrier",
    "CarrierRefused",
    "CarrierUnknown",
    "ConversationSpec",
    "Conversations",
    "EspeakSynthesizer",
    "Exchange",
    "ExchangeState",
    "Expected",
    "Expiry",
    "Heard",
    "Hearing",
    "HearingChoice",
    "ModelInfo",
    "Outcome",
    "Placed",
    "RecognitionUnavailable",
    "RecordedVoice",
    "Retention",
    "Spoken",
    "Synthesizer",
    "TelephonyRuntime",
    "TwilioAccount",
    "TwilioCarrier",
    "Voice",
    "VoiceSettings",
    "call",
    "call_of_conversation",
    "caller_confirmed",
    "caller_not_confirmed",
    "calls",
    "choose_hearing",
    "describe",
    "describe_sherpa",
    "dialled_since",
    "examine",
    "expire",
    "expire_recordings",
    "failed_checks",
    "fetch_fate",
    "how_to_install_sherpa",
    "install",
    "note_result",
    "place_call",
    "prepare_by_hand",
    "recordings_by_kind",
    "recover",
    "routers",
    "sherpa_library",
    "spec_of",
    "take_up",
    "under_way",
    "unpack",
    "warm_up_hearing",
    "wind_down",
]

expire = retention.expire
recordings_by_kind = retention.by_kind

routers: list[APIRouter] = [endpoints.router, people, trials, prompts, webhooks]


def expire_recordings(runtime: TelephonyRuntime) -> Expiry:
    """Removes recordings that the rule keeps no longer; what is held or still needed stays."""
    return retention.expire(runtime.sessions, runtime.clock, runtime.recordings, runtime.retention)


def prepare_by_hand(session: Session, runtime: TelephonyRuntime, request: CallRequest, name: str) -> None:
    """Writes down a call that somebody dials by hand; it is placed once their page is on the line.

    Raises:
        NotFound: No such carrier.
    """
    runtime.carrier(request.carrier)
    sentence = runtime.settings.dialled_by(request.conversation.department)
    by_hand.prepare(session, request, name, sentence, runtime.clock)


def caller_confirmed(session: Session, conversation_id: UUID, patient_id: UUID, clock: Clock) -> None:
    """Who calls us has been confirmed by a second fact."""
    service.set_caller(session, conversation_id, patient_id, clock)


def take_up(session: Session, call_id: UUID, spec: ConversationSpec, campaign_id: UUID, clock: Clock) -> None:
    """In a call to us a follow-up of a campaign begins; `spec` is what a call of ours would have begun with."""
    service.take_up(session, call_id, spec, campaign_id, clock)


def caller_not_confirmed(session: Session, conversation_id: UUID, clock: Clock) -> None:
    """A caller's second fact did not fit in all their tries."""
    service.note_unconfirmed(session, conversation_id, clock)


def failed_checks(session: Session, number: str, since: datetime) -> int:
    """In how many calls since a moment a number's callers failed to say who they are."""
    return service.failed_checks(session, number, since)


def spec_of(session: Session, call_id: UUID) -> ConversationSpec:
    """What a call's conversation was begun with."""
    return service.snapshot(session, call_id).conversation


def call(session: Session, call_id: UUID) -> CallView:
    """One call."""
    return service.view(session, call_id)


def call_of_conversation(session: Session, conversation_id: UUID) -> CallView | None:
    """The newest call that a conversation was held on; None for one of another channel."""
    return service.of_conversation(session, conversation_id)


def calls(session: Session, chosen: CallFilter, cursor: str | None = None, limit: int = 50) -> Page[CallView]:
    """Calls, newest first."""
    return service.page(session, chosen, cursor, limit)
