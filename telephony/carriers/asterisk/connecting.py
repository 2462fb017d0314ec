"""Makes a call's media channel and connects its audio to us, by either way."""

import asyncio
from typing import Any, Protocol
from uuid import UUID, uuid4

from telephony.audio.pcm import FRAME_SAMPLES
from telephony.carriers.asterisk.account import AsteriskAccount
from telephony.carriers.asterisk.ari import JsonObject
from telephony.carriers.asterisk.audiosocket import AUDIO, AudioSocketMedia, AudioSocketServer
from telephony.carriers.asterisk.media import CONNECT_SECONDS, Hangup, Transfer, WebSocketMedia, connected
from telephony.carriers.asterisk.unbroken import Unbroken
from telephony.session.media import Media, MediaClosed

CONNECTION_ID = "MEDIA_WEBSOCKET_CONNECTION_ID"
SILENCE = bytes(2 * FRAME_SAMPLES)


class MakeChannel(Protocol):
    """ARI's externalMedia, beside the event loop."""

    async def __call__(self, **parameters: Any) -> JsonObject: ...  # noqa: ANN401 - JSON


class Connector(Protocol):
    """One way of getting a call's audio."""

    async def connect(self, make: MakeChannel, ids: dict[str, str], hangup: Hangup, transfer: Transfer) -> Media:
        """Makes the media channel (`ids`: its channelId and app). Raises AriError or MediaClosed."""
        ...


class WebSocketConnector:
    """By chan_websocket: the exchange waits for our connection."""

    def __init__(self, account: AsteriskAccount) -> None:
        self._account = account

    async def connect(self, make: MakeChannel, ids: dict[str, str], hangup: Hangup, transfer: Transfer) -> Media:
        made = await make(
            external_host="INCOMING",
            connection_type="server",
            transport="websocket",
            encapsulation="none",
            format=self._account.audio_format,
            **ids,
        )
        connection_id = made.get("channelvars", {}).get(CONNECTION_ID)
        if not connection_id:
            raise MediaClosed
        socket = await connected(self._account, str(connection_id))
        media = WebSocketMedia(socket, self._account, hangup, transfer)
        return Unbroken(media, lambda message: isinstance(message, bytes), media.wire.audio(SILENCE))


class AudioSocketConnector:
    """By AudioSocket: the exchange connects to us and names the identity that it was given for this one call."""

    def __init__(self, server: AudioSocketServer) -> None:
        self._server = server

    async def connect(self, make: MakeChannel, ids: dict[str, str], hangup: Hangup, transfer: Transfer) -> Media:
        identity: UUID = uuid4()
        awaited = self._server.expect(identity)
        try:
            await make(
                external_host=self._server.address,
                transport="tcp",
                encapsulation="audiosocket",
                format="slin",
                data=str(identity),
                **ids,
            )
            connection = await asyncio.wait_for(awaited, CONNECT_SECONDS)
        except TimeoutError:
            raise MediaClosed from None
        finally:
            self._server.forget(identity)
        media = AudioSocketMedia(connection, hangup, transfer)
        return Unbroken(media, lambda message: message[0] == AUDIO, bytes((AUDIO,)) + SILENCE)
