"""What the chat page sends and sees."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from assistant.channels.files.schemas import PICTURE_BYTES, VOICE_BYTES, VOICE_SECONDS, FileView
from assistant.conversations.schemas import MAX_TEXT_CHARS, Kind, Sender, Status
from dialogs.api import Link, Picture, QuickReply

Entry = Literal["h5", "widget", "mini_program"]
ClientId = str
MESSAGES_PER_MINUTE = 20
CLIENT_ID = Field(min_length=1, max_length=64, pattern=r"^[\w.:-]+$")
CHOICE = Field(default=None, max_length=64)


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Visitor(Frozen):
    """Whose browser it is."""

    id: UUID
    conversation_id: UUID
    patient_id: UUID | None
    identified_until: datetime | None
    seen_at: datetime
    expires_at: datetime

    def identified(self, now: datetime) -> bool:
        """Whether the patient is known and was here lately."""
        return self.patient_id is not None and self.identified_until is not None and self.identified_until > now


class ChatMessage(Frozen):
    """A message as the patient sees it."""

    id: UUID
    seq: int
    sender: Sender
    kind: Kind
    text: str
    at: datetime
    automatic: bool
    client_id: str | None = None
    reply_to: UUID | None = None
    author: str | None = None
    quick_replies: tuple[QuickReply, ...] = ()
    links: tuple[Link, ...] = ()
    pictures: tuple[Picture, ...] = ()
    rateable: bool = False
    useful: bool | None = None
    file: FileView | None = None


class Identified(Frozen):
    """Who the patient is, masked."""

    name: str
    record_number: str


class ChatConversation(Frozen):
    """The conversation as the patient sees it."""

    id: UUID
    status: Status
    with_person: bool
    waiting_for_person: bool
    last_seq: int
    identified: Identified | None
    satisfaction_asked: bool


class Limits(Frozen):
    """What a message may be."""

    text_chars: int = MAX_TEXT_CHARS
    picture_bytes: int = PICTURE_BYTES
    voice_bytes: int = VOICE_BYTES
    voice_seconds: int = VOICE_SECONDS
    messages_per_minute: int = MESSAGES_PER_MINUTE


class VisitIn(Frozen):
    """Where the chat was opened."""

    entry: Entry = "h5"


class Visit(Frozen):
    """A visit that begins or goes on; the token is told once."""

    token: str | None
    resumed: bool
    expires_at: datetime
    conversation: ChatConversation
    messages: tuple[ChatMessage, ...]
    limits: Limits = Limits()
    hospital_name: str


class MessageIn(Frozen):
    """A message; the length of its text is judged by the conversation's own rule."""

    client_id: str = CLIENT_ID
    text: str = ""
    choice: str | None = CHOICE


class ClientIdIn(Frozen):
    client_id: str = CLIENT_ID


class QuestionsIn(Frozen):
    """Words to look for; without any, what is asked most."""

    words: str = Field(default="", max_length=100)


class RatingIn(Frozen):
    useful: bool
    word: str | None = Field(default=None, max_length=200)


class SatisfactionIn(Frozen):
    score: int = Field(ge=1, le=5)
    word: str | None = Field(default=None, max_length=500)


class Answered(Frozen):
    """A message that was taken, and what was said to it."""

    message: ChatMessage
    replies: tuple[ChatMessage, ...]
    conversation: ChatConversation


class History(Frozen):
    """Messages in order."""

    items: tuple[ChatMessage, ...]
    more: bool
