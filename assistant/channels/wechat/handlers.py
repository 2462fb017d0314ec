"""What the channel does when an event comes by the outbox."""

from collections.abc import Mapping, Sequence
from functools import partial

from assistant.channels.wechat.service import on_outgoing
from core_api.kit.clock import Clock
from core_api.kit.outbox import Handler


def handlers(clock: Clock) -> Mapping[str, Sequence[Handler]]:
    """Handlers by event name."""
    return {"message.outgoing": [partial(on_outgoing, clock=clock)]}
