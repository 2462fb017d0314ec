"""Asterisk's REST interface, as far as calls need it. Numbers travel in bodies, never in addresses."""

import contextlib
from typing import Any

import httpx

from telephony.carriers.asterisk.account import AsteriskAccount

UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, SERVER_ERROR = 401, 403, 404, 409, 500
JsonObject = dict[str, Any]


class AriError(Exception):
    """The exchange could not be asked, or said no."""


class AriRefused(AriError):
    """The exchange answered with an error.

    Args:
        status: HTTP status: 404 unknown, 409 in another state than the request needs, 5xx its own fault.
    """

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class AriUnreachable(AriError):
    """No connection: nothing was done."""


class AriUnknown(AriError):
    """The answer did not come: it may have been done."""


class Ari:
    """A blocking client; one per process, for any number of threads."""

    def __init__(self, account: AsteriskAccount) -> None:
        self._http = httpx.Client(
            base_url=f"{account.url}/ari/",
            auth=(account.user, account.password),
            timeout=account.timeout_seconds,
            trust_env=False,
        )

    def close(self) -> None:
        self._http.close()

    def ask(self, method: str, path: str, body: JsonObject | None = None) -> Any:  # noqa: ANN401 - JSON
        """One request. Raises AriError."""
        try:
            answer = self._http.request(method, path, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise AriUnreachable(type(error).__name__) from None
        except httpx.HTTPError as error:
            raise AriUnknown(type(error).__name__) from None
        if answer.is_error:
            raise AriRefused(answer.status_code)
        try:
            return answer.json() if answer.content else None
        except ValueError:
            raise AriUnknown("json") from None

    def channel(self, channel_id: str) -> JsonObject | None:
        """A channel's state; None if there is none."""
        try:
            found: JsonObject = self.ask("GET", f"channels/{channel_id}")
        except AriRefused as refused:
            if refused.status == NOT_FOUND:
                return None
            raise
        return found

    def channels(self) -> list[JsonObject]:
        """All channels."""
        return [channel for channel in self.ask("GET", "channels") if isinstance(channel, dict)]

    def apps(self) -> list[str]:
        """Names of the Stasis applications that somebody listens to, or did until lately."""
        return [str(app.get("name", "")) for app in self.ask("GET", "applications")]

    def create(self, **parameters: Any) -> JsonObject:  # noqa: ANN401 - JSON
        """Makes a channel in an application without dialling it."""
        made: JsonObject = self.ask("POST", "channels/create", parameters)
        return made

    def external_media(self, **parameters: Any) -> JsonObject:  # noqa: ANN401 - JSON
        """Makes a channel whose audio goes to and comes from us."""
        made: JsonObject = self.ask("POST", "channels/externalMedia", parameters)
        return made

    def dial(self, channel_id: str, timeout_seconds: int) -> None:
        self.ask("POST", f"channels/{channel_id}/dial", {"timeout": timeout_seconds})

    def answer(self, channel_id: str) -> None:
        self.ask("POST", f"channels/{channel_id}/answer")

    def bridge(self, bridge_id: str, channel_ids: list[str]) -> None:
        """Makes a mixing bridge of channels."""
        self.ask("POST", f"bridges/{bridge_id}", {"type": "mixing"})
        self.ask("POST", f"bridges/{bridge_id}/addChannel", {"channel": channel_ids})

    def unbridge(self, bridge_id: str) -> None:
        """Dissolves a bridge; one that is gone is no error."""
        self._gone(f"bridges/{bridge_id}")

    def hang_up(self, channel_id: str) -> None:
        """Ends a channel; one that is gone is no error."""
        self._gone(f"channels/{channel_id}")

    def leave(self, channel_id: str, context: str, extension: str) -> None:
        """Sends a channel from our application into the dialplan; one that is gone, or left before, is no error."""
        try:
            body = {"context": context, "extension": extension, "priority": 1}
            self.ask("POST", f"channels/{channel_id}/continue", body)
        except AriRefused as refused:
            if refused.status not in {NOT_FOUND, CONFLICT}:
                raise

    def variable(self, channel_id: str, name: str) -> str | None:
        """A channel's variable; None if it has none or cannot be asked."""
        with contextlib.suppress(AriError):
            answer = self.ask("GET", f"channels/{channel_id}/variable?variable={name}")
            return str(answer.get("value", "")) or None
        return None

    def modules(self) -> dict[str, str]:
        """The exchange's modules and their states (`Running` ...)."""
        return {str(one.get("name")): str(one.get("status")) for one in self.ask("GET", "asterisk/modules")}

    def version(self) -> str:
        info = self.ask("GET", "asterisk/info?only=system")
        return str(info.get("system", {}).get("version", ""))

    def _gone(self, path: str) -> None:
        try:
            self.ask("DELETE", path)
        except AriRefused as refused:
            if refused.status != NOT_FOUND:
                raise
