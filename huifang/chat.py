"""The patients' channels of one process: web chat and WeChat, and what time brings to conversations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from assistant import api as assistant
from core_api.kit.outbox import Handler
from core_api.kit.web import Runtime
from dialogs import api as dialogs
from huifang.composition import Recurring
from huifang.conversations import served_by
from huifang.settings import Settings
from huifang.throttling import buckets

SWEEP_EVERY_SECONDS = 5.0
FORGET_EVERY_SECONDS = 3600.0
WECHAT_EVERY_SECONDS = 1.0
ACCOUNTS = TypeAdapter(tuple[assistant.WechatAccount, ...])


@dataclass(frozen=True)
class Chat:
    """The channels; WeChat is None until accounts are set."""

    hub: assistant.ChatHub
    wechat: assistant.WechatRuntime | None

    @property
    def state(self) -> Mapping[str, object]:
        """What endpoints find in `app.state`."""
        return {"chat": self.hub.chat, "chat_hub": self.hub, "wechat": self.wechat}

    @property
    def recurring(self) -> Sequence[Recurring]:
        """What is done again and again, by whichever process is free."""
        served, wechat = self.hub.chat.assistant, self.wechat
        sweeps = [
            Recurring("huifang.conversations", SWEEP_EVERY_SECONDS, lambda: assistant.sweep(served)),
            Recurring("huifang.visits", FORGET_EVERY_SECONDS, lambda: assistant.forget_visits(self.hub.chat)),
        ]
        if wechat is not None:
            sweeps.append(Recurring("huifang.wechat", WECHAT_EVERY_SECONDS, lambda: assistant.send_wechat(wechat)))
        return sweeps

    @property
    def handlers(self) -> Mapping[str, Sequence[Handler]]:
        """Outbox handlers by event name."""
        return assistant.wechat_handlers(self.hub.chat.assistant.clock) if self.wechat else {}

    def close(self) -> None:
        """Ends threads and connections."""
        self.hub.close()
        if self.wechat is not None:
            self.wechat.client.close()


def make(settings: Settings, runtime: Runtime, engine: dialogs.DialogueEngine) -> Chat:
    """Makes the channels; contacts nobody yet."""
    served = served_by(runtime, engine)
    counted = assistant.WebChat.counted(served, settings.data_dir, settings.hospital_name, buckets(settings))
    hub = assistant.ChatHub(counted)
    given = settings.wechat_accounts.get_secret_value()
    if not given:
        return Chat(hub, None)
    accounts = {account.name: account for account in ACCOUNTS.validate_json(given)}
    client = assistant.WechatClient.create(runtime.sessions, runtime.clock, settings.wechat_url)
    return Chat(hub, assistant.WechatRuntime(served, client, accounts, settings.data_dir))
