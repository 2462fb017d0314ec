"""What the funnel takes, and what it works with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from assistant.conversations.schemas import Frozen, Kind
from core_api.kit.clock import Clock
from core_api.kit.db import Sessions
from dialogs.api import (
    Answers,
    Asker,
    DialogueEngine,
    EnquiryRuntime,
    EnquiryState,
    FollowUps,
    Recorded,
    RecordOfPatient,
    Reply,
)


class Inbound(Frozen):
    """One message of a patient, from any channel."""

    channel: str
    conversation_id: UUID
    message_id: str
    text: str | None = None
    key: str | None = None
    event: Literal["silence", "interrupted", "resumed", "unwritten"] | None = None
    confidence: float = 1.0
    transcript_source: str | None = None
    kind: Kind = "text"
    file_id: UUID | None = None
    choice: str | None = None
    identified: bool = True
    """Whether the conversation's patient is known to be the one who writes."""
    recorded: Recorded | None = None
    amends: str | None = None
    """The message whose words this one repeats and goes on with."""
    can_transfer: bool = False
    """Whether a call can be connected to people now."""


class Accepted(Frozen):
    """A message that is kept.

    Attributes:
        epoch: The conversation's when the message came; a reply counts only under the same one.
        wording: What the patient is told at once because of a red flag.
        question: What the patient is asked before the answer, because of what the message may be speaking of.
        settled: The whole reply, to a patient who says that it is not so.
        reply: The reply that was kept before, where the same message comes again.
        silent: A person has the conversation: nothing is to be answered.
        repeated: The same message came before.
        asker: Who asks, for an enquiry; None while a questionnaire is under way.
        state: Where the enquiry stands.
    """

    message_id: UUID
    seq: int
    at: datetime
    epoch: int
    wording: str | None = None
    question: str | None = None
    settled: str | None = None
    reply: Reply | None = None
    silent: bool = False
    repeated: bool = False
    asker: Asker | None = None
    state: EnquiryState | None = None


@dataclass(frozen=True)
class AssistantRuntime:
    """What receiving a message needs; made by the composition root."""

    sessions: Sessions
    clock: Clock
    zone: ZoneInfo
    engine: DialogueEngine
    answers: Answers
    hospital_name: str = ""
    follow_ups: FollowUps | None = None
    """Follow-ups that calls to us offer."""

    @property
    def enquiries(self) -> EnquiryRuntime:
        """What enquiries work with."""
        record = RecordOfPatient(self.sessions, self.clock, self.zone)
        return EnquiryRuntime(self.answers, record, self.engine, self.clock, self.zone, self.follow_ups)
