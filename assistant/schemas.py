"""What comes in and goes out of conversations."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from core_api.kit.clock import Clock
from core_api.kit.db import Sessions
from dialogs.api import DialogueEngine

Sender = Literal["patient", "bot", "staff"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Inbound(Frozen):
    """One message of a patient, from any channel."""

    channel: str
    conversation_id: UUID
    message_id: str
    text: str | None = None
    key: str | None = None
    event: Literal["silence", "interrupted"] | None = None
    confidence: float = 1.0
    transcript_source: str | None = None


class MessageView(Frozen):
    """A kept message."""

    id: UUID
    sender: Sender
    text: str
    at: datetime
    key: str | None
    source: str | None
    latency_ms: int | None
    understanding: dict[str, object] | None


class ConversationView(Frozen):
    """A conversation: who owns it and how often that changed."""

    id: UUID
    channel: str
    patient_id: UUID | None
    subject: str
    owner_id: UUID | None
    epoch: int


@dataclass(frozen=True)
class AssistantRuntime:
    """What receiving a message needs; made by the composition root."""

    sessions: Sessions
    clock: Clock
    zone: ZoneInfo
    engine: DialogueEngine
