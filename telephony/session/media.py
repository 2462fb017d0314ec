"""What a session needs of a call's audio connection, whatever carrier it comes from."""

from typing import Protocol

from telephony.session.wire import WireEvent

Message = str | bytes


class MediaClosed(Exception):
    """The connection is gone."""


class MediaWire(Protocol):
    """Reads and writes one connection's messages."""

    async def read(self, raw: Message) -> WireEvent:
        """One message as an event; None for one that says nothing to us."""
        ...

    def audio(self, pcm: bytes) -> Message:
        """20 ms of int16 as a message."""
        ...

    async def clear(self) -> Message:
        """Drops what was not heard yet."""
        ...

    def mark(self, name: str) -> Message:
        """Asks to be told when what was sent so far has been heard."""
        ...


class Media(Protocol):
    """A call's audio connection, and with it the call's line."""

    @property
    def wire(self) -> MediaWire:
        """The messages' format."""
        ...

    async def receive(self) -> Message:
        """The next message. Raises MediaClosed."""
        ...

    async def send(self, message: Message) -> None:
        """Sends; a connection that is gone is no error here, its reader hears of it."""
        ...

    async def close(self) -> None:
        """Ends our part of the call."""
        ...

    async def transfer(self, number: str) -> bool:
        """Connects the patient to another number; False where the line did not take it."""
        ...
