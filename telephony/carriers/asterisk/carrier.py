"""The `Carrier` port over ARI."""

import random
import re
from datetime import datetime
from uuid import UUID

from telephony.calls.rules import NOT_PLACED
from telephony.carriers.asterisk.account import AsteriskAccount, sid_of
from telephony.carriers.asterisk.ari import (
    CONFLICT,
    FORBIDDEN,
    SERVER_ERROR,
    UNAUTHORIZED,
    Ari,
    AriError,
    AriRefused,
    AriUnreachable,
    JsonObject,
)
from telephony.carriers.ports import CarrierCall, CarrierRefused, CarrierUnknown, Dial, FateState

E164 = re.compile(r"\+[1-9]\d{7,14}")
NUMBER = re.compile(r"\+?\d{2,20}")
STATES: dict[str, tuple[FateState, str]] = {
    "Down": ("queued", "queued"),
    "Rsrvd": ("queued", "queued"),
    "Up": ("in_progress", "in-progress"),
}
# The exchange gives up by its own timer first; ours is for a dialplan that has none.
TIMER_MARGIN_SECONDS = 5


class AsteriskCarrier:
    """Makes channels by ids of our own choice: asking twice dials once, and an answer that is lost is looked up.

    `place` only makes the channel, in the application of a web process; that process writes the dialling down and
    dials once it hears the line. So no phone rings that nobody would speak on.

    Args:
        account: Where and as whom.
    """

    name = "asterisk"
    pace = 1.0
    held_by_us = True

    def __init__(self, account: AsteriskAccount) -> None:
        self.account = account
        self.ari = Ari(account)
        self.listening: str | None = None
        """The application that this process itself listens to."""

    def place(self, dial: Dial) -> str:
        """Makes the channel; an answer that is lost is looked up by the channel's id."""
        if not E164.fullmatch(dial.number):
            raise CarrierRefused("number", "invalid_number")
        sid = sid_of(dial.call_id)
        try:
            self.ari.create(**self._parameters(dial, sid))
        except AriUnreachable:
            raise CarrierRefused("unreachable", NOT_PLACED, retryable=True) from None
        except AriRefused as refused:
            if refused.status == CONFLICT:
                return sid
            if refused.status < SERVER_ERROR:
                told = NOT_PLACED if refused.status in {UNAUTHORIZED, FORBIDDEN} else "carrier_failed"
                raise CarrierRefused(str(refused.status), told) from None
            return self._looked_up(sid, refused)
        except AriError as error:
            return self._looked_up(sid, error)
        return sid

    def fetch(self, sid: str) -> CarrierCall | None:
        try:
            channel = self.ari.channel(sid)
        except AriError as error:
            raise CarrierUnknown(str(error)) from None
        return None if channel is None else self._told(channel)

    def find(self, call_id: UUID, number: str, since: datetime) -> CarrierCall | None:
        try:
            channel = self.ari.channel(sid_of(call_id))
        except AriError as error:
            raise CarrierUnknown(str(error)) from None
        if channel is None or _made_at(channel) < since:
            return None
        return self._told(channel)

    def hangup(self, sid: str) -> None:
        try:
            self.ari.hang_up(sid)
        except AriError as error:
            raise CarrierUnknown(str(error)) from None

    def transfer(self, sid: str, number: str) -> None:
        if not NUMBER.fullmatch(number):
            raise CarrierUnknown("number")
        try:
            self.ari.leave(sid, self.account.transfer_context, number)
        except AriError as error:
            raise CarrierUnknown(str(error)) from None

    def _looked_up(self, sid: str, reason: AriError) -> str:
        if self.fetch(sid) is None:
            raise CarrierUnknown(str(reason))
        return sid

    def _parameters(self, dial: Dial, sid: str) -> JsonObject:
        return {
            "endpoint": self.account.endpoint.format(number=dial.number),
            "app": self.listening or self._listener(),
            "appArgs": f"out,{dial.ring_timeout_seconds + TIMER_MARGIN_SECONDS}",
            "channelId": sid,
            "otherChannelId": f"{sid}-out",
            "formats": self.account.audio_format,
            "variables": {
                "HUIFANG_CALLER": dial.caller_id or self.account.caller_id,
                "HUIFANG_RING_SECONDS": str(dial.ring_timeout_seconds),
            },
        }

    def _listener(self) -> str:
        """Any web process that listens; without one nothing is dialled."""
        apps = [name for name in self.ari.apps() if name.startswith(f"{self.account.app}-")]
        if not apps:
            raise CarrierRefused("no_listener", NOT_PLACED, retryable=True)
        return random.choice(apps)

    def _told(self, channel: JsonObject) -> CarrierCall:
        sid = str(channel.get("id", ""))
        left = channel.get("dialplan", {}).get("context") == self.account.transfer_context
        if left:
            return CarrierCall(sid, "ended", "completed")
        state, status = STATES.get(str(channel.get("state")), ("ringing", "ringing"))
        return CarrierCall(sid, state, status)


def _made_at(channel: JsonObject) -> datetime:
    return datetime.strptime(str(channel.get("creationtime")), "%Y-%m-%dT%H:%M:%S.%f%z")
