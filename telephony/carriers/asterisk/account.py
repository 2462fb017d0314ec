"""How to reach the exchange, and the names that both sides use."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

AudioFormat = Literal["alaw", "ulaw", "slin"]
Transport = Literal["websocket", "audiosocket"]

PREFIX = "hf-"
MEDIA_SUFFIX = "-media"
FRAME_BYTES: dict[AudioFormat, int] = {"alaw": 160, "ulaw": 160, "slin": 320}


@dataclass(frozen=True)
class AsteriskAccount:
    """How to reach the exchange.

    Attributes:
        url: Its HTTP server, with the prefix of http.conf, without a slash at the end.
        app: Name of the Stasis application; each web process listens under this name and a suffix of its own.
        endpoint: What is dialled; `{number}` is in E.164. A Local channel lets the dialplan choose the trunk.
        transfer_context: The dialplan's context that connects a patient to a number.
        audio_format: Of the audio between Asterisk and us; the trunk's own format saves transcoding.
        transport: chan_websocket, or AudioSocket where the exchange is older.
        audiosocket_host: Where Asterisk reaches our AudioSocket.
    """

    url: str
    user: str
    password: str = field(repr=False)
    caller_id: str = field(repr=False)
    app: str = "huifang"
    endpoint: str = "Local/{number}@huifang-out/n"
    transfer_context: str = "huifang-transfer"
    audio_format: AudioFormat = "alaw"
    transport: Transport = "websocket"
    audiosocket_host: str = "127.0.0.1"
    audiosocket_port: int = 0
    timeout_seconds: float = 5.0

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws", 1)


def sid_of(call_id: UUID) -> str:
    """The channel id that a call has at the exchange: ours to choose, so that placing it twice dials once."""
    return f"{PREFIX}{call_id}"


def call_of(channel_id: str) -> UUID | None:
    """The call that a channel belongs to, its media channel included; None for a channel of others."""
    if not channel_id.startswith(PREFIX):
        return None
    try:
        return UUID(channel_id.removeprefix(PREFIX).removesuffix(MEDIA_SUFFIX))
    except ValueError:
        return None
