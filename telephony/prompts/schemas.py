"""What is told about recorded prompts."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

PromptVoice = Literal["normal", "slow"]
PromptState = Literal["pending", "active", "rejected", "retired"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class SoundFacts(Frozen):
    """What was measured of an upload; levels in dBFS before levelling.

    Attributes:
        seconds: Length without leading and trailing silence.
        doubts: What a reviewer is to listen for, in Chinese.
    """

    rate_hz: int
    channels: int
    seconds: float
    speech_dbfs: float
    noise_dbfs: float | None
    clipped_percent: float
    levelled_dbfs: float
    doubts: tuple[str, ...] = ()


class PromptRecording(Frozen):
    id: UUID
    voice: PromptVoice
    text: str
    state: PromptState
    facts: SoundFacts
    uploaded_at: datetime
    uploaded_by_id: UUID
    uploaded_by: str
    reviewed_at: datetime | None = None
    reviewed_by: str | None = None
    note: str | None = None


class PromptLine(Frozen):
    """A fixed sentence, where it is said, and its recordings: the one in use and the one to be reviewed."""

    text: str
    places: tuple[str, ...]
    active: PromptRecording | None = None
    pending: PromptRecording | None = None


class ReviewIn(Frozen):
    """A second person's decision."""

    approve: bool
    note: str = Field(default="", max_length=200)
