"""What comes in and goes out of conversations."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

Sender = Literal["patient", "bot", "staff", "system"]
Kind = Literal["text", "picture", "voice", "notice", "satisfaction"]
Status = Literal["pending", "open", "snoozed", "resolved"]
"""The bot's; waiting for or with a person; put off until a time; finished."""

MAX_TEXT_CHARS = 2000
DESK_ONLY = "desk"
"""The source of a line that is for staff and is not sent."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class NewMessage(Frozen):
    """A message about to be kept; `reply` is the JSON of a bot's reply."""

    conversation_id: UUID
    dedupe_key: str
    sender: Sender
    text: str
    at: datetime
    kind: Kind = "text"
    author_id: UUID | None = None
    reply_to_id: UUID | None = None
    file_id: UUID | None = None
    key: str | None = None
    source: str | None = None
    latency_ms: int | None = None
    understanding: dict[str, object] | None = None
    reply: str | None = None
    answer_due_at: datetime | None = None


class Kept(Frozen):
    """A message that is kept: its id and place."""

    id: UUID
    seq: int


class MessageView(Frozen):
    """A kept message; `reply` is the JSON of the bot's reply where it was asked for."""

    id: UUID
    conversation_id: UUID
    seq: int
    dedupe_key: str
    sender: Sender
    kind: Kind
    text: str
    at: datetime
    author_id: UUID | None
    reply_to_id: UUID | None
    file_id: UUID | None
    key: str | None
    source: str | None
    latency_ms: int | None
    understanding: dict[str, object] | None
    useful: bool | None
    reply: str | None = None


class Standing(Frozen):
    """Where a conversation stands: status, owner and the clocks of people's answers."""

    status: Status
    owner_id: UUID | None
    opened_at: datetime | None = None
    waiting_since: datetime | None = None
    first_reply_at: datetime | None = None
    snoozed_until: datetime | None = None
    resolved_at: datetime | None = None


class ConversationView(Standing):
    """A conversation: who owns it, how often that changed, where it stands."""

    id: UUID
    channel: str
    patient_id: UUID | None
    subject: str
    department: str | None
    epoch: int
    last_seq: int
    last_message_at: datetime | None
    created_at: datetime

    @property
    def standing(self) -> Standing:
        return Standing.model_validate(self.model_dump(include=set(Standing.model_fields)))


class ConversationFilter(Frozen):
    """Which conversations; None means any."""

    status: tuple[Status, ...] | None = None
    owner_id: UUID | None = None
    unowned: bool = False
    department: str | None = None
    channel: str | None = None
    patient_id: UUID | None = None
