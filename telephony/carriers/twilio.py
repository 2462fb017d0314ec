"""Twilio, and whatever speaks its protocol (the simulator). The only door to the `twilio` library."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import requests
from requests.exceptions import ConnectTimeout, RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.voice_response import Connect, VoiceResponse
from twilio.twiml.voice_response import Dial as DialVerb

from telephony.calls.rules import NOT_PLACED
from telephony.carriers.ports import CarrierCall, CarrierRefused, CarrierUnknown, Dial, FateState

API_HOST = "https://api.twilio.com"
TOO_MANY = 429
UNAUTHORIZED = 401
NOT_FOUND = 404
SERVER_ERROR = 500
TOO_MANY_CODES = {20429, 10004}
BAD_NUMBER_CODES = {21211, 21212, 21214, 21217, 21401, 21421}
NOT_PERMITTED_CODES = {21215, 21216, 21610}
NOT_IN_PROGRESS = 21220
BACKOFF_SECONDS = (1.0, 2.0, 4.0)
STATES: dict[str, FateState] = {
    "queued": "queued",
    "initiated": "queued",
    "ringing": "ringing",
    "in-progress": "in_progress",
    "completed": "ended",
    "busy": "ended",
    "failed": "ended",
    "no-answer": "ended",
    "canceled": "ended",
}


@dataclass(frozen=True)
class TwilioAccount:
    """How to reach the carrier and how it reaches us.

    Attributes:
        name: `twilio` or `simulator`.
        public_url: Our address as the carrier sees it, without a slash at the end.
        api_url: The carrier's REST address.
        pace: Times real pace; other than 1 only on the simulator.
    """

    name: str
    account_sid: str
    auth_token: str = field(repr=False)
    caller_id: str = field(repr=False)
    public_url: str
    api_url: str = API_HOST
    timeout_seconds: float = 10.0
    pace: float = 1.0
    detect_machines: bool = True


class _BaseUrlClient:
    """Sends every request to one base URL, without the library's own retries: a retried POST might dial twice."""

    def __init__(self, base_url: str, timeout_seconds: float) -> None:
        self._http = TwilioHttpClient(pool_connections=True, timeout=timeout_seconds, max_retries=0)
        self._base_url = base_url.rstrip("/")

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401 - the library's
        if self._base_url != API_HOST and url.startswith(API_HOST):
            url = self._base_url + url[len(API_HOST) :]
        response: Response = self._http.request(method, url, *args, **kwargs)
        return response


class TwilioCarrier:
    """The `Carrier` port over Twilio's REST API.

    Args:
        account: Where and as whom.
        sleep: Waits between tries that were refused for their rate.
    """

    held_by_us = False

    def __init__(self, account: TwilioAccount, sleep: Callable[[float], None] = time.sleep) -> None:
        self.account = account
        self.name = account.name
        self.pace = account.pace
        self._sleep = sleep
        self._client = Client(
            account.account_sid,
            account.auth_token,
            http_client=_BaseUrlClient(account.api_url, account.timeout_seconds),
        )

    def place(self, dial: Dial) -> str:
        """Dials. A refusal for the rate is tried again after 1, 2 and 4 s; nothing else ever is."""
        for pause in BACKOFF_SECONDS:
            try:
                return self._create(dial)
            except CarrierRefused as refused:
                if not refused.retryable:
                    raise
            self._sleep(pause / self.pace)
        return self._create(dial)

    def fetch(self, sid: str) -> CarrierCall | None:
        try:
            return _carrier_call(self._client.calls(sid).fetch())
        except TwilioRestException as error:
            if error.status == NOT_FOUND:
                return None
            raise CarrierUnknown(str(error.code)) from None
        except (RequestException, TwilioException) as error:
            raise CarrierUnknown(type(error).__name__) from None

    def find(self, call_id: UUID, number: str, since: datetime) -> CarrierCall | None:
        """Twilio keeps no id of ours, so a call is known again by its number and time (one live call per number)."""
        try:
            found = self._client.calls.list(to=number, start_time_after=since, limit=5)
        except (RequestException, TwilioException) as error:
            raise CarrierUnknown(type(error).__name__) from None
        return _carrier_call(found[0]) if found else None

    def hangup(self, sid: str) -> None:
        self._update(sid, status="completed")

    def transfer(self, sid: str, number: str) -> None:
        response = VoiceResponse()
        dial = DialVerb()
        dial.number(number)
        response.append(dial)
        self._update(sid, twiml=str(response))

    def signed(self, url: str, form: Mapping[str, str], signature: str) -> bool:
        """Checks X-Twilio-Signature; the URL is the public one, not what a Host header says."""
        return bool(RequestValidator(self.account.auth_token).validate(url, dict(form), signature))

    def connect_document(self, socket_url: str, call_id: UUID) -> str:
        response = VoiceResponse()
        connect = Connect()
        stream = connect.stream(url=socket_url)
        stream.parameter(name="call_id", value=str(call_id))
        response.append(connect)
        response.hangup()
        return str(response)

    def goodbye_document(self) -> str:
        response = VoiceResponse()
        response.hangup()
        return str(response)

    def _create(self, dial: Dial) -> str:
        try:
            return str(self._client.calls.create(**self._parameters(dial)).sid)
        except TwilioRestException as error:
            raise _refusal(error) from None
        except (ConnectTimeout, requests.exceptions.ConnectionError) as error:
            if _never_connected(error):
                raise CarrierRefused("unreachable", NOT_PLACED, retryable=True) from None
            raise CarrierUnknown(type(error).__name__) from None
        except (RequestException, TwilioException) as error:
            raise CarrierUnknown(type(error).__name__) from None

    def _parameters(self, dial: Dial) -> dict[str, Any]:
        base = f"{self.account.public_url}/carriers/twilio"
        parameters: dict[str, Any] = {
            "to": dial.number,
            "from_": dial.caller_id or self.account.caller_id,
            "url": f"{base}/voice/{dial.call_id}{self._persona(dial)}",
            "method": "POST",
            "status_callback": f"{base}/status/{dial.call_id}",
            "status_callback_method": "POST",
            "status_callback_event": ["initiated", "ringing", "answered", "completed"],
            "timeout": dial.ring_timeout_seconds,
            "time_limit": dial.max_seconds + 60,
        }
        if self.account.detect_machines:
            parameters |= {
                "machine_detection": "Enable",
                "async_amd": "true",
                "async_amd_status_callback": f"{base}/amd/{dial.call_id}",
            }
        return parameters

    def _persona(self, dial: Dial) -> str:
        """Only the simulator is told who is to answer; a real carrier's URL carries nothing of the kind."""
        return f"?persona={dial.persona}" if dial.persona and self.name == "simulator" else ""

    def _update(self, sid: str, **change: str) -> None:
        try:
            self._client.calls(sid).update(**change)
        except TwilioRestException as error:
            if error.status != NOT_FOUND and error.code != NOT_IN_PROGRESS:
                raise CarrierUnknown(str(error.code)) from None
        except (RequestException, TwilioException) as error:
            raise CarrierUnknown(type(error).__name__) from None


def _never_connected(error: Exception) -> bool:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, ConnectTimeout) or type(reason).__name__ == "NewConnectionError"


def _refusal(error: TwilioRestException) -> Exception:
    code = int(error.code or 0)
    if error.status >= SERVER_ERROR:
        return CarrierUnknown(str(code or error.status))
    if error.status == UNAUTHORIZED:
        return CarrierRefused(str(code or error.status), NOT_PLACED)
    if error.status == TOO_MANY or code in TOO_MANY_CODES:
        return CarrierRefused(str(code or TOO_MANY), NOT_PLACED, retryable=True)
    if code in BAD_NUMBER_CODES:
        return CarrierRefused(str(code), "invalid_number")
    return CarrierRefused(str(code or error.status), "carrier_failed")


def _carrier_call(call: Any) -> CarrierCall:  # noqa: ANN401 - the library's CallInstance
    status = str(getattr(call.status, "value", call.status))
    duration = int(call.duration) if call.duration not in {None, ""} else None
    return CarrierCall(str(call.sid), STATES.get(status, "in_progress"), status, duration, call.answered_by)
