"""Wires slices, vendors and engines into a composition; the only place that knows them all."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session

from assistant import api as assistant
from campaigns import api as campaigns
from core_api.alerts.endpoints import router as alerts_router
from core_api.audit.endpoints import router as audit_router
from core_api.contracts.endpoints import router as contracts_router
from core_api.identity.endpoints import router as identity_router
from core_api.imports import tidying as imports
from core_api.imports.endpoints import router as imports_router
from core_api.kit.outbox import Event, Handler
from core_api.kit.web import Runtime
from core_api.observations import service as observations
from core_api.observations.endpoints import router as observations_router
from core_api.patients.endpoints import router as patients_router
from core_api.plans import completion
from core_api.plans import service as plans
from core_api.plans.endpoints import router as plans_router
from core_api.questionnaires.endpoints import router as questionnaires_router
from core_api.responses.endpoints import router as responses_router
from core_api.treatments.endpoints import router as treatments_router
from core_api.workbench.endpoints import router as workbench_router
from dialogs import api as dialogs
from huifang import callers, chat, exchange
from huifang.composition import Composition, Recurring
from huifang.conversations import DialogueConversations, PeopleHours
from huifang.finding import encoder_of
from huifang.follow_ups import FollowUpsOfCallers
from huifang.settings import LocalSecrets, Settings
from knowledge import api as knowledge
from telephony import api as telephony

TWILIO = "twilio"
SIMULATOR = "simulator"
KNOWLEDGE = "knowledge"
RECORDINGS_EVERY_SECONDS = 3600.0
INBOUND_TEXT = "您好，这是{hospital}的自动随访电话，暂时不能接听来电。如需帮助，请拨打医院总机。谢谢，再见。"

ROUTERS: Sequence[APIRouter] = (
    identity_router,
    audit_router,
    workbench_router,
    patients_router,
    treatments_router,
    contracts_router,
    observations_router,
    imports_router,
    plans_router,
    questionnaires_router,
    responses_router,
    alerts_router,
    *assistant.routers,
    *telephony.routers,
    *campaigns.routers,
    *knowledge.routers,
    dialogs.rasa_actions_router,
)


def compose(settings: Settings, runtime: Runtime) -> Composition:
    """Makes what a web or worker process is made of; contacts nothing yet."""
    secrets = LocalSecrets.load_or_create(settings.data_dir)
    engine = dialogs.RasaEngine(settings.rasa, settings.rasa_timeout_seconds)
    voice = _telephony(settings, secrets, runtime, engine)
    patients_chat = chat.make(settings, runtime, engine)
    runtime.sessions.configure(info={"keyring": runtime.keyring, "zone": runtime.zone, "clock": runtime.clock})
    finder = knowledge.configure(runtime.sessions, settings.data_dir / KNOWLEDGE, encoder_of(settings))
    return Composition(
        settings=settings,
        runtime=runtime,
        secrets=secrets,
        routers=ROUTERS,
        handlers=_handlers(settings, runtime, patients_chat),
        recurring=(*patients_chat.recurring, _expiring(voice)),
        campaigns=_campaigns(settings, runtime, voice),
        on_start=(
            _recovering(settings, runtime, voice),
            lambda: telephony.warm_up_hearing(
                voice.hearing, [name == SIMULATOR for name in voice.carriers if name != telephony.BrowserCarrier.name]
            ),
            dialogs.warm_up,
            lambda: finder.warm_up(runtime.sessions),
        ),
        alongside=_alongside(voice),
        on_stop=(engine.close, patients_chat.close),
        tidy=(
            lambda: telephony.recover(voice),
            lambda: imports.tidy(runtime.sessions, runtime.data_dir, runtime.clock),
        ),
        enrich={"message.added": _with_message},
        state={
            "telephony": voice,
            "dial_settings": _dialling(settings),
            "rasa_actions_token": secrets.actions_token,
            **patients_chat.state,
        },
    )


def _expiring(voice: telephony.TelephonyRuntime) -> Recurring:
    return Recurring("huifang.expire_recordings", RECORDINGS_EVERY_SECONDS, lambda: telephony.expire_recordings(voice))


def _recovering(settings: Settings, runtime: Runtime, voice: telephony.TelephonyRuntime) -> Callable[[], int]:
    """What a starting web process does about calls that were held before: at once, where it is the only one."""
    alone_since = runtime.clock.now() if settings.runs_worker_in_process else None
    return lambda: telephony.recover(voice, alone_since)


def _telephony(
    settings: Settings, secrets: LocalSecrets, runtime: Runtime, engine: dialogs.RasaEngine
) -> telephony.TelephonyRuntime:
    prompts = settings.data_dir / "prompts"
    recorded = prompts / "recorded"
    voice = telephony.Voice()
    return telephony.TelephonyRuntime(
        sessions=runtime.sessions,
        clock=runtime.clock,
        zone=runtime.zone,
        data_dir=settings.data_dir,
        carriers=_carriers(settings, secrets),
        conversations=DialogueConversations(
            runtime, engine, _people_hours(settings), _follow_ups_of_callers(settings, runtime)
        ),
        synthesizer=telephony.RecordedVoice(
            runtime.sessions, recorded, "normal", telephony.EspeakSynthesizer(prompts, voice)
        ),
        slow_synthesizer=telephony.RecordedVoice(
            runtime.sessions, recorded, "slow", telephony.EspeakSynthesizer(prompts, voice.slower())
        ),
        settings=telephony.VoiceSettings(
            transfer_number=settings.transfer_number or None,
            inbound_text=INBOUND_TEXT.format(hospital=settings.hospital_name),
            hospital_name=settings.hospital_name,
        ),
        retention=settings.retention,
        address=settings.internal_address,
        hearing=telephony.choose_hearing(settings.recognition, settings.speech_models, settings.sherpa_model),
    )


def _carriers(settings: Settings, secrets: LocalSecrets) -> Mapping[str, telephony.Carrier]:
    accounts = _accounts(settings, secrets)
    found: dict[str, telephony.Carrier] = {name: telephony.TwilioCarrier(one) for name, one in accounts.items()}
    if settings.asterisk_url:
        found[exchange.ASTERISK] = telephony.AsteriskCarrier(exchange.account(settings))
    page = telephony.BrowserCarrier()
    found[page.name] = page
    return found


def _alongside(voice: telephony.TelephonyRuntime) -> Sequence[Callable[[], Coroutine[Any, Any, None]]]:
    line = voice.carriers.get(exchange.ASTERISK)
    if not isinstance(line, telephony.AsteriskCarrier):
        return ()
    return (telephony.Exchange(voice, line).run,)


def _people_hours(settings: Settings) -> PeopleHours:
    return PeopleHours(
        settings.transfer_number or None, settings.transfer_start, settings.transfer_end, settings.transfer_weekdays
    )


def _accounts(settings: Settings, secrets: LocalSecrets) -> Mapping[str, telephony.TwilioAccount]:
    accounts = {
        SIMULATOR: telephony.TwilioAccount(
            name=SIMULATOR,
            account_sid=secrets.simulator_account_sid,
            auth_token=secrets.simulator_auth_token,
            caller_id=settings.caller_id,
            public_url=settings.web_url,
            api_url=settings.simulator,
            pace=settings.simulator_pace,
        )
    }
    if settings.twilio_account_sid:
        accounts[TWILIO] = telephony.TwilioAccount(
            name=TWILIO,
            account_sid=settings.twilio_account_sid,
            auth_token=settings.twilio_auth_token.get_secret_value(),
            caller_id=settings.caller_id,
            public_url=settings.public_url,
        )
    return accounts


def _campaigns(settings: Settings, runtime: Runtime, voice: telephony.TelephonyRuntime) -> campaigns.CampaignRuntime:
    return campaigns.CampaignRuntime(
        sessions=runtime.sessions,
        clock=runtime.clock,
        zone=runtime.zone,
        dialler=campaigns.TelephonyDialler(voice),
        hospital_name=settings.hospital_name,
        settings=_dispatch_settings(settings),
        retry_pace=_retry_pace(settings),
    )


def _dialling(settings: Settings) -> campaigns.DialSettings:
    return campaigns.DialSettings(
        carrier=settings.carrier,
        window=campaigns.Window(start=settings.dial_start, end=settings.dial_end),
        patient_daily_cap=settings.dial_daily_cap,
        caller_ids=settings.caller_ids,
    )


def _follow_ups_of_callers(settings: Settings, runtime: Runtime) -> FollowUpsOfCallers:
    calls = campaigns.CallsIn(
        campaigns.CoreRecord(), runtime.clock, _dispatch_settings(settings), settings.hospital_name
    )
    return FollowUpsOfCallers(runtime, calls)


def _dispatch_settings(settings: Settings) -> campaigns.DispatchSettings:
    return campaigns.DispatchSettings(max_concurrent=settings.max_concurrent_calls)


def _retry_pace(settings: Settings) -> Mapping[str, float]:
    """Only who answers on the simulator may be called again sooner than is polite."""
    return {SIMULATOR: settings.simulator_retry_pace}


def _handlers(settings: Settings, runtime: Runtime, patients_chat: chat.Chat) -> Mapping[str, Sequence[Handler]]:
    """Every package's outbox handlers by event name."""
    ours: dict[str, list[Handler]] = {
        "treatment.recorded": [plans.on_treatment_recorded],
        "patient.changed": [plans.on_treatment_recorded],
        "recheck.resolved": [plans.on_recheck_resolved],
        "response.received": [completion.on_response_received],
        "observation.critical": [observations.on_critical],
    }
    clock = runtime.clock
    elsewhere = (
        assistant.desk_handlers(clock),
        campaigns.handlers(clock, runtime.zone, _retry_pace(settings)),
        knowledge.handlers(clock),
        patients_chat.handlers,
        callers.handlers(clock),
    )
    for told in elsewhere:
        for name, handlers in told.items():
            ours.setdefault(name, []).extend(handlers)
    return ours


def _with_message(session: Session, event: Event) -> dict[str, Any]:
    """A message's words, and the call it belongs to, for the live board."""
    conversation_id = UUID(str(event.data["conversation_id"]))
    told = assistant.message(session, conversation_id, UUID(str(event.data["message_id"])))
    data: dict[str, Any] = {"text": told.text, "sender": told.sender, "at": told.at.isoformat()}
    call = telephony.call_of_conversation(session, conversation_id)
    if call is not None:
        data |= {"call_id": str(call.id), "campaign_id": str(call.campaign_id) if call.campaign_id else None}
    return data
