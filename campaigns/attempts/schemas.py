"""An attempt as services return it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class AttemptState(StrEnum):
    """Where an attempt stands.

    `dialling` is committed before the carrier is asked; `unknown` means that its fate is being asked of the carrier.
    """

    PLANNED = "planned"
    LEASED = "leased"
    DIALLING = "dialling"
    IN_CALL = "in_call"
    ENDED = "ended"
    UNKNOWN = "unknown"


class AttemptView(BaseModel):
    """One try."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: UUID
    campaign_id: UUID
    target_id: UUID
    patient_id: UUID
    number: int
    state: AttemptState
    lease_owner: str | None
    lease_until: datetime
    dialling_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    carrier_sid: str | None
    conversation_id: UUID | None
    response_id: UUID | None
    disposition: str | None
    duration_seconds: int | None


class Dialling(BaseModel):
    """What is committed before the carrier is asked.

    Attributes:
        day: The day in the hospital's zone on which it counts against the caps.
        phone_key: Blind index of the number.
        lease_until: When the fate is asked of the carrier, should nothing be heard.
    """

    model_config = ConfigDict(frozen=True)

    day: date
    at: datetime
    phone_key: str
    lease_until: datetime
    conversation_id: UUID
    response_id: UUID | None


class Arrived(BaseModel):
    """A call that the patient made, as an attempt: talked on from the start, and nobody was dialled.

    Attributes:
        id: The call's.
        phone_key: Blind index of the number that would be called.
        lease_until: When the fate is asked, should nothing be heard.
    """

    model_config = ConfigDict(frozen=True)

    id: UUID
    campaign_id: UUID
    target_id: UUID
    patient_id: UUID
    phone_key: str
    at: datetime
    lease_until: datetime
    conversation_id: UUID
    response_id: UUID


class Ended(BaseModel):
    """How an attempt ended; `dialled` is false where nobody's telephone rang."""

    model_config = ConfigDict(frozen=True)

    disposition: str
    reached: bool
    dialled: bool = True
    duration_seconds: int | None = None
