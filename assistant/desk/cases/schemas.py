"""Cases as they are opened and kept."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from assistant.desk.calendar.schemas import Frozen
from assistant.desk.queues.schemas import CaseKind, ClockKind

Urgency = Literal["urgent", "high", "normal"]
CaseStatus = Literal["open", "resolved"]
Outcome = Literal["solved", "referred", "unreachable", "not_needed"]
SlaState = Literal["none", "running", "due_soon", "breached", "met"]
KIND_LABELS: dict[CaseKind, str] = {
    "handoff": "转人工",
    "red_flag": "危险信号",
    "suspected": "疑似危险",
    "unanswered": "未能解答",
    "advice": "医疗咨询",
    "voicemail": "语音留言",
    "other": "其他",
}


class CaseIn(Frozen):
    """A case to open, once per source and kind.

    Attributes:
        reason_text: A rule's own wording, never the patient's.
        skill: What whoever takes it must be able to do; by the kind when absent.
    """

    conversation_id: UUID | None = None
    patient_id: UUID | None = None
    kind: CaseKind
    department: str = Field(default="", max_length=64)
    urgency: Urgency = "normal"
    reason_text: str = Field(min_length=1, max_length=200)
    source_kind: str = Field(min_length=1, max_length=32)
    source_id: UUID | str
    call_id: UUID | None = None
    alert_id: UUID | None = None
    skill: str | None = Field(default=None, max_length=32)
    due_at: datetime | None = None


class FlagIn(Frozen):
    """A red flag for a case."""

    message_id: UUID
    family: str
    title: str
    rule_key: str
    revision: int


class Flag(FlagIn):
    case_id: UUID
    at: datetime


class Deadline(Frozen):
    """When a case is due, when that is warned of, and on which clock."""

    clock: ClockKind
    due_at: datetime
    warn_at: datetime


class Sla(Frozen):
    """The promise of a case, as people see it."""

    state: SlaState
    due_at: datetime | None
    clock: ClockKind | None


class Case(Frozen):
    """A case that is kept."""

    id: UUID
    kind: CaseKind
    urgency: Urgency
    department: str
    queue_id: UUID | None
    skill: str | None
    reason_text: str
    status: CaseStatus
    conversation_id: UUID | None
    patient_id: UUID | None
    call_id: UUID | None
    alert_id: UUID | None
    source_kind: str
    source_id: str
    assignee_id: UUID | None
    opened_at: datetime
    clock: ClockKind
    due_at: datetime | None
    warn_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by_id: UUID | None
    first_reply_at: datetime | None
    resolved_at: datetime | None
    outcome: str | None

    @property
    def needs_acknowledgement(self) -> bool:
        return self.kind == "red_flag" and self.acknowledged_at is None and self.status == "open"

    @property
    def met_at(self) -> datetime | None:
        """When the promise was kept, if it was."""
        return self.acknowledged_at if self.kind == "red_flag" else self.first_reply_at or self.resolved_at


class CaseFilter(Frozen):
    """Which cases; None means any. `assignee` is "me" or "none"."""

    status: CaseStatus | None = None
    kind: CaseKind | None = None
    urgency: Urgency | None = None
    queue_id: UUID | None = None
    assignee: Literal["me", "none"] | None = None
    sla: Literal["breached", "due_soon"] | None = None
    patient_id: UUID | None = None
