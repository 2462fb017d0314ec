"""The agents' list of conversations, and what they do in one."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from assistant.channels.files.schemas import FileView
from assistant.conversations.schemas import Kind, Sender, Status
from assistant.desk.alarms.schemas import Who
from assistant.desk.calendar.schemas import Frozen
from assistant.desk.cases.schemas import CaseStatus, Outcome, Sla, Urgency
from assistant.desk.labels.schemas import Label
from assistant.desk.notes.service import NoteView
from assistant.desk.queues.schemas import CaseKind
from assistant.desk.satisfaction.service import Satisfaction

View = Literal["mine", "unassigned", "all", "resolved"]


class InboxFilter(Frozen):
    """Which conversations the list shows."""

    view: View = "all"
    queue_id: UUID | None = None
    channel: str | None = None
    status: Status | None = None
    label_id: UUID | None = None


class ConversationLine(Frozen):
    """A conversation in the list; `last_text` is short, `patient_name` masked."""

    id: UUID
    channel: str
    status: Status
    epoch: int
    owner_id: UUID | None
    owner_name: str | None
    patient_id: UUID | None
    patient_name: str | None
    record_number: str | None
    department: str | None
    queue_id: UUID | None
    queue_name: str | None
    case_id: UUID | None
    case_kind: CaseKind | None
    urgency: Urgency
    subject: str
    last_message_at: datetime | None
    last_sender: Sender | None
    last_text: str | None
    unread: int
    waiting_since: datetime | None
    waiting_seconds: int | None
    snoozed_until: datetime | None
    sla: Sla
    labels: list[Label]


class DeskMessage(Frozen):
    """A message as staff see it; `choices` are the questions that the bot offered with it."""

    id: UUID
    seq: int
    sender: Sender
    kind: Kind
    author_id: UUID | None
    author_name: str | None
    text: str
    at: datetime
    key: str | None
    source: str | None
    file: FileView | None
    choices: list[str]
    useful: bool | None


class Told(Frozen):
    user_id: UUID
    name: str


class AlarmView(Frozen):
    """A step of a case's ladder, and who was told."""

    ordinal: int
    round: int
    who: Who
    label: str
    due_at: datetime
    told_at: datetime | None
    cancelled_at: datetime | None
    told: list[Told]


class FlagView(Frozen):
    family: str
    title: str
    message_id: UUID
    at: datetime


class CaseView(Frozen):
    """A case as staff see it."""

    id: UUID
    kind: CaseKind
    kind_label: str
    urgency: Urgency
    department: str
    queue_id: UUID | None
    queue_name: str | None
    reason_text: str
    status: CaseStatus
    conversation_id: UUID | None
    channel: str | None
    patient_id: UUID | None
    patient_name: str | None
    record_number: str | None
    call_id: UUID | None
    alert_id: UUID | None
    assignee_id: UUID | None
    assignee_name: str | None
    opened_at: datetime
    sla: Sla
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    first_reply_at: datetime | None
    resolved_at: datetime | None
    outcome: str | None
    satisfaction: Satisfaction | None
    needs_acknowledgement: bool
    flags: list[FlagView]
    alarms: list[AlarmView]


class CaseDetail(CaseView):
    transcript: list[DeskMessage]


class ConversationDetail(ConversationLine):
    cases: list[CaseView]
    notes: list[NoteView]
    satisfaction: Satisfaction | None
    messages: list[DeskMessage]
    has_more: bool


class MessagePage(Frozen):
    items: list[DeskMessage]
    has_more: bool


class EpochIn(Frozen):
    """The epoch that the page saw; somebody else's change in between is a conflict."""

    expected_epoch: int = Field(ge=0)


class PictureIn(EpochIn):
    """A picture's circumstances; the picture itself comes beside them."""

    dedupe_key: str = Field(min_length=1, max_length=64)


class MessageIn(PictureIn):
    text: str = Field(min_length=1, max_length=2000)


class TransferIn(EpochIn):
    """To a person or to a queue."""

    to_user_id: UUID | None = None
    to_queue_id: UUID | None = None
    note: str = Field(default="", max_length=2000)


class ResolveIn(EpochIn):
    outcome: Outcome = "solved"
    note: str = Field(default="", max_length=2000)
    ask_satisfaction: bool = True


class SnoozeIn(EpochIn):
    until: AwareDatetime


class ReadIn(Frozen):
    message_id: UUID


class SuggestIn(Frozen):
    text: str | None = Field(default=None, max_length=2000)


class Suggestion(Frozen):
    """An approved answer that may fit."""

    entry_id: str
    question: str
    text: str
    score: float
    answer_class: str


class Summary(Frozen):
    """What somebody who takes over should know first."""

    reason: str | None
    asked: list[str]
    answered_by_bot: int
    facts: list[str]
    waiting_seconds: int | None
    red_flags: list[str]


class Handover(Frozen):
    summary: Summary
    transcript: list[DeskMessage]


class Counts(Frozen):
    """What waits, for the head of the page."""

    mine: int
    unassigned: int
    all: int
    urgent: int
    due_soon: int
    breached: int
    agents_accepting: int
    alarms: int
