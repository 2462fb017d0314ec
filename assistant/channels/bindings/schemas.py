"""Who is known as a patient, and what staff change of it."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

REASON = Field(min_length=2, max_length=180)


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)


class Binding(Frozen):
    """A browser or a person on WeChat that is known as a patient until a moment."""

    conversation_id: UUID
    channel: str
    seen_at: datetime
    until: datetime


class Bindings(Frozen):
    """All of them; `paused` is whether nobody new may say they are this patient."""

    items: list[Binding]
    paused: bool


class UnbindIn(Frozen):
    """Why, and whether the record takes no further identification online."""

    reason: str = REASON
    pause: bool = False


class PauseIn(Frozen):
    reason: str = REASON
    paused: bool
