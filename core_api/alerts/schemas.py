"""Alerts as services take and return them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Level = Literal["red", "orange", "yellow"]
AlertStatus = Literal["open", "acknowledged"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class AlertIn(Frozen):
    """An alert to raise; `text` is the rule's wording, never a patient's words.

    Attributes:
        ack_deadline: Set by who raises it; by the level when absent.
    """

    patient_id: UUID
    level: Level
    rule_key: str = Field(min_length=1, max_length=64)
    text: str = Field(min_length=1, max_length=300)
    source_kind: str = Field(min_length=1, max_length=32)
    source_id: UUID
    response_id: UUID | None = None
    call_id: UUID | None = None
    ack_deadline: datetime | None = None


class AlertFilter(Frozen):
    status: AlertStatus | None = None
    level: Level | None = None
    patient_id: UUID | None = None


class AlertView(Frozen):
    """An alert; `overdue` means not acknowledged by its deadline."""

    id: UUID
    patient_id: UUID
    patient_name: str
    record_number: str
    level: Level
    rule_key: str
    text: str
    raised_at: datetime
    ack_deadline: datetime
    overdue: bool
    acknowledged_at: datetime | None
    acknowledged_by_id: UUID | None
    acknowledged_by: str | None
    note: str | None
    source_kind: str
    response_id: UUID | None
    call_id: UUID | None


class AcknowledgeIn(Frozen):
    note: str = Field(default="", max_length=500)


class AlertCounts(Frozen):
    open: int
    overdue: int
