"""What telephony asks of a carrier, and of a live call on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

FateState = Literal["not_found", "queued", "ringing", "in_progress", "ended"]


@dataclass(frozen=True)
class Dial:
    """One call to place. `number` is E.164 and never written to a log."""

    call_id: UUID
    number: str = field(repr=False)
    ring_timeout_seconds: int = 40
    max_seconds: int = 900
    persona: str | None = None
    caller_id: str | None = None


@dataclass(frozen=True)
class CarrierCall:
    """A call as the carrier tells it."""

    sid: str
    state: FateState
    status: str
    duration_seconds: int | None = None
    answered_by: str | None = None


class CarrierRefused(Exception):
    """The carrier did not take the call: nothing was dialled.

    Args:
        code: The carrier's error code.
        disposition: What the attempt comes to.
        retryable: Another try later may be taken.
    """

    def __init__(self, code: str, disposition: str, *, retryable: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.disposition = disposition
        self.retryable = retryable


class CarrierUnknown(Exception):
    """Whether the carrier took the call is not known: reconcile, never dial again."""


class Carrier(Protocol):
    """A company or an exchange that places calls. Methods block; they are called from worker threads.

    Attributes:
        pace: Times real pace; other than 1 only on the simulator.
        held_by_us: A call lives only while one of our processes holds it, and is forgotten once it is over.
    """

    name: str
    pace: float
    held_by_us: bool

    def place(self, dial: Dial) -> str:
        """Dials; returns the carrier's id of the call. Raises CarrierRefused or CarrierUnknown."""
        ...

    def fetch(self, sid: str) -> CarrierCall | None:
        """The call's state now; None if the carrier does not know it. Raises CarrierUnknown."""
        ...

    def find(self, call_id: UUID, number: str, since: datetime) -> CarrierCall | None:
        """The call by our own id, or where the carrier keeps none, the newest to a number. Raises CarrierUnknown."""
        ...

    def hangup(self, sid: str) -> None:
        """Ends the call; one that is over already is no error. Raises CarrierUnknown."""
        ...

    def transfer(self, sid: str, number: str) -> None:
        """Connects the patient to another number. Raises CarrierUnknown."""
        ...


class CarrierWebhooks(Protocol):
    """The carrier's signed requests to us."""

    def signed(self, url: str, form: Mapping[str, str], signature: str) -> bool:
        """Whether the carrier made this request to this URL."""
        ...

    def connect_document(self, socket_url: str, call_id: UUID) -> str:
        """The document that connects an answered call to our socket."""
        ...

    def goodbye_document(self) -> str:
        """The document that ends a call."""
        ...


class Call(Protocol):
    """A live call's audio and control."""

    async def play(self, frames: list[bytes]) -> None:
        """Queues int16 frames of 20 ms to be said."""
        ...

    async def mark(self, name: str) -> None:
        """Asks to be told when what was queued so far has been heard."""
        ...

    async def clear(self) -> None:
        """Drops what has not been heard yet."""
        ...

    async def dtmf(self, keys: str) -> None:
        """Plays keys as tones."""
        ...

    async def hangup(self) -> None:
        """Ends the call."""
        ...

    async def transfer(self, number: str) -> bool:
        """Connects the patient to another number; False where the line did not take it."""
        ...

    def record(self) -> None:
        """Begins keeping both sides."""
        ...
