"""The port through which calls are placed; telephony stands behind it, a fake in tests."""

from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

FateState = Literal["not_found", "queued", "ringing", "in_progress", "ended"]


class CallOrder(BaseModel):
    """One call to place; names and numbers are never logged.

    Attributes:
        call_id: The attempt's id; also the idempotency key.
        context: Values for what the questionnaire's texts name in braces.
        callback_window: When this campaign calls, as HH:MM; only such a time is promised to the patient.
    """

    model_config = ConfigDict(frozen=True)

    call_id: UUID
    campaign_id: UUID
    patient_id: UUID
    task_id: UUID
    conversation_id: UUID
    response_id: UUID
    questionnaire_key: str
    questionnaire_version: int
    hospital_name: str
    department: str
    carrier: str
    phone_e164: str = Field(repr=False)
    salutation: str = Field(repr=False)
    full_name: str = Field(repr=False)
    ring_timeout_seconds: int
    max_seconds: int
    persona: str | None = None
    caller_id: str | None = None
    elder: bool = False
    context: dict[str, str] = Field(default_factory=dict, repr=False)
    callback_window: tuple[str, str] | None = None


class Fate(BaseModel):
    """What became of a call, as the carrier and the dialogue tell it."""

    model_config = ConfigDict(frozen=True)

    state: FateState
    disposition: str | None = None
    answered: bool = False
    completed: bool = False
    callback_at: datetime | None = None
    response_id: UUID | None = None


class Refused(Exception):
    """The carrier did not take the call; nobody was dialled.

    Args:
        disposition: Key of the disposition table.
    """

    def __init__(self, disposition: str) -> None:
        super().__init__(disposition)
        self.disposition = disposition


class FateUnknown(Exception):
    """Whether the carrier took the call cannot be told."""


class Dialler(Protocol):
    """Places calls and tells their fate."""

    def place(self, order: CallOrder) -> str:
        """Asks the carrier to call.

        Returns:
            The carrier's id of the call.

        Raises:
            Refused: Nobody was dialled.
            FateUnknown: Somebody may have been.
        """
        ...

    def fate(self, call_id: UUID) -> Fate:
        """What became of a call.

        Raises:
            FateUnknown: The carrier cannot be asked now.
        """
        ...
