"""What treatment events take and show."""

from datetime import date
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

EventKind = Literal[
    "transfer",
    "pregnancy_confirmed",
    "insemination",
    "transplant_kidney",
    "transplant_liver",
    "waiting_listed",
    "delivery",
    "discharge",
]
Urgency = Literal["urgent", "routine"]
EventChange = Literal["created", "moved", "changed", "unchanged"]
"""`changed`: the same day, another detail."""


class EventIn(BaseModel):
    """An event as a source tells it.

    Attributes:
        source_key: The source's own key of the event; the same key with another date moves it.
        detail: Codes and numbers, no free text; "estimated": True where the date is inferred.
    """

    model_config = ConfigDict(frozen=True)

    patient_id: UUID
    kind: EventKind
    occurred_on: date
    source_key: str = Field(min_length=1, max_length=120)
    detail: dict[str, Any] = {}


class EventByStaff(BaseModel):
    """An event as staff enter it; `urgency` belongs to a registration on the waiting list."""

    model_config = ConfigDict(frozen=True)

    kind: EventKind
    occurred_on: date
    urgency: Urgency | None = None


class UrgencyIn(BaseModel):
    model_config = ConfigDict(frozen=True)

    urgency: Urgency


class TreatmentEvent(EventIn):
    """An event that is kept."""

    id: UUID
