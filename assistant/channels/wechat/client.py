"""WeChat's server API: access tokens, customer-service replies, media."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from assistant.channels.wechat import repository, rules
from assistant.channels.wechat.schemas import WechatAccount
from core_api.kit.clock import Clock
from core_api.kit.db import Sessions

API = "https://api.weixin.qq.com"
TIMEOUT_SECONDS = 10.0
EARLY = timedelta(minutes=5)
"""A token is renewed so long before it ends."""
MEDIA_BYTES_MAX = 11 << 20
Files = dict[str, tuple[str, bytes, str]]


class WechatRefused(Exception):
    """WeChat answered with an error code; -1 also stands for no answer at all."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class WechatClient:
    """Calls for all accounts; tokens lie in the database, as a new one ends the old for everybody."""

    sessions: Sessions
    clock: Clock
    http: httpx.Client

    @classmethod
    def create(cls, sessions: Sessions, clock: Clock, url: str = API) -> "WechatClient":
        """A client that has contacted nobody yet."""
        return cls(sessions, clock, httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, trust_env=False))

    def send_text(self, account: WechatAccount, openid: str, text: str) -> None:
        """One customer-service reply.

        Raises:
            WechatRefused: It was not taken.
        """
        body = {"touser": openid, "msgtype": "text", "text": {"content": text}}
        self._with_token(account, "/cgi-bin/message/custom/send", body)

    def send_picture(self, account: WechatAccount, openid: str, content: bytes, media_type: str) -> None:
        """One customer-service reply that is a picture: uploaded, then named.

        Raises:
            WechatRefused: It was not taken.
        """
        name = f"picture.{media_type.rpartition('/')[2]}"
        answer = self._with_token(
            account, "/cgi-bin/media/upload", None, files={"media": (name, content, media_type)}, type="image"
        )
        media_id = str(answer.json().get("media_id", ""))
        if not media_id:
            raise WechatRefused(-1)
        body = {"touser": openid, "msgtype": "image", "image": {"media_id": media_id}}
        self._with_token(account, "/cgi-bin/message/custom/send", body)

    def media(self, account: WechatAccount, media_id: str) -> bytes:
        """A picture or voice message that a person sent.

        Raises:
            WechatRefused: There is none any more, or it is too large.
        """
        answer = self._with_token(account, "/cgi-bin/media/get", None, media_id=media_id)
        if len(answer.content) > MEDIA_BYTES_MAX:
            raise WechatRefused(-1)
        return answer.content

    def close(self) -> None:
        """Closes the connections."""
        self.http.close()

    def _with_token(
        self, account: WechatAccount, path: str, body: dict[str, Any] | None, files: Files | None = None, **params: str
    ) -> httpx.Response:
        """Calls; a token that WeChat calls dead is renewed once."""
        try:
            return self._call(path, body, files, access_token=self._token(account), **params)
        except WechatRefused as refused:
            if refused.code not in rules.DEAD_TOKEN:
                raise
        return self._call(path, body, files, access_token=self._token(account, renew=True), **params)

    def _token(self, account: WechatAccount, *, renew: bool = False) -> str:
        now = self.clock.now()
        with self.sessions.begin() as session:
            kept = None if renew else repository.token(session, account.name, now)
        if kept is not None:
            return kept
        body = {
            "grant_type": "client_credential",
            "appid": account.app_id,
            "secret": account.app_secret.get_secret_value(),
            "force_refresh": renew,
        }
        answer = self._call("/cgi-bin/stable_token", body).json()
        value, seconds = str(answer.get("access_token", "")), int(answer.get("expires_in", 0))
        if not value:
            raise WechatRefused(-1)
        with self.sessions.begin() as session:
            repository.save_token(session, account.name, value, now + timedelta(seconds=seconds) - EARLY)
        return value

    def _call(
        self, path: str, body: dict[str, Any] | None, files: Files | None = None, **params: str
    ) -> httpx.Response:
        try:
            if files is not None:
                answer = self.http.post(path, params=params, files=files)
            elif body is None:
                answer = self.http.get(path, params=params)
            else:
                answer = self.http.post(path, params=params, json=body)
            answer.raise_for_status()
            refused = _error(answer)
        except (httpx.HTTPError, ValueError):
            # The address holds the token, so the cause goes no further.
            raise WechatRefused(-1) from None
        if refused:
            raise WechatRefused(refused)
        return answer


def _error(answer: httpx.Response) -> int:
    """The error code of a JSON answer; media come as bytes."""
    if not answer.headers.get("content-type", "").startswith(("application/json", "text/plain")):
        return 0
    found = answer.json()
    return int(found.get("errcode", 0)) if isinstance(found, dict) else 0
