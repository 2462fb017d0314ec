"""What telephony takes and tells about calls."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

JsonObject = dict[str, Any]
Grade = Literal["good", "fair", "poor"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class ConversationSpec(Frozen):
    """What the call is to talk about; the fields of the dialogue's start. Names are never logged."""

    conversation_id: UUID
    purpose: str = "follow_up"
    patient_id: UUID | None = None
    task_id: UUID | None = None
    response_id: UUID | None = None
    questionnaire_key: str | None = None
    questionnaire_version: int | None = None
    hospital_name: str = ""
    department: str = ""
    salutation: str = Field(default="", repr=False)
    full_name: str = Field(default="", repr=False)
    channel: str = "voice"
    elder: bool = False
    context: dict[str, str] = Field(default_factory=dict, repr=False)
    callback_window: tuple[str, str] | None = None
    caller: str | None = Field(default=None, repr=False)
    """Number of who calls us, in E.164; None where it is hidden, and for calls of ours."""


class Arrival(Frozen):
    """A call to us, as its carrier tells of it."""

    carrier: str
    carrier_sid: str = Field(min_length=1, max_length=64)
    caller: str | None = Field(default=None, repr=False)
    max_seconds: int = Field(default=900, ge=30, le=3600)
    hospital_name: str = ""


class CallRequest(Frozen):
    """One call to place."""

    call_id: UUID
    patient_id: UUID | None
    phone_e164: str = Field(repr=False, pattern=r"^\+?\d{5,20}$")
    carrier: str
    conversation: ConversationSpec
    ring_timeout_seconds: int = Field(default=40, ge=5, le=600)
    max_seconds: int = Field(default=900, ge=30, le=3600)
    idempotency_key: str = Field(max_length=80)
    campaign_id: UUID | None = None
    persona: str | None = None
    caller_id: str | None = Field(default=None, pattern=r"^\+[1-9]\d{7,14}$")
    dialled_by_id: UUID | None = None


class Placed(Frozen):
    carrier_sid: str


class CallFate(Frozen):
    """What became of a call whose placing ended in doubt."""

    state: str
    disposition: str | None = None
    answered: bool = False
    completed: bool = False
    callback_at: datetime | None = None
    response_id: UUID | None = None


class StatusUpdate(Frozen):
    """One piece of news from the carrier; `disposition` where it knows more of an unanswered call than its status."""

    sid: str
    status: str
    sequence: str
    duration_seconds: int | None = None
    sip_code: str | None = None
    disposition: str | None = None


class Ending(Frozen):
    """How a call came to its end; without `duration_seconds` the clock tells how long it was."""

    disposition: str
    completed: bool = False
    callback_at: datetime | None = None
    response_id: UUID | None = None
    note_code: str | None = None
    duration_seconds: int | None = None


class CallSnapshot(Frozen):
    """A call's row for telephony's own use; the conversation is opened."""

    id: UUID
    patient_id: UUID | None
    carrier: str
    direction: str = "outbound"
    dialled_by_id: UUID | None = None
    caller_id: str | None = None
    carrier_sid: str | None
    state: str
    disposition: str | None
    answered_by: str | None
    conversation: ConversationSpec
    phone_e164: str = Field(repr=False)
    ring_timeout_seconds: int = 40
    max_seconds: int
    created_at: datetime
    media_at: datetime | None
    media_seen_at: datetime | None = None
    held_at: str | None = None
    """Where our processes reach the one that holds it."""
    ended_at: datetime | None
    carrier_ended_at: datetime | None


class MediaCounts(Frozen):
    """What a media session counted: turns of the patient, frames not understood, frames sent late."""

    turns: int
    bad_frames: int
    late_frames: int


class KeptRecording(Frozen):
    """A finished recording's file; `format` as in its name."""

    file_name: str
    format: str
    duration_ms: int
    size_bytes: int


class Waveform(Frozen):
    """A recording's shape: per step the square root of each side's peak, 0 to 255 (255 is full scale)."""

    step_ms: int
    patient: list[int]
    bot: list[int]


class SideQuality(Frozen):
    """How one side was heard: levels in dBFS, pace in Chinese characters per minute of speech."""

    speech_seconds: float
    speech_dbfs: float | None
    noise_dbfs: float | None
    clipped_percent: float
    characters_per_minute: int | None


class QualityProblem(Frozen):
    """What was wrong; `text` says it to people."""

    code: str
    grade: Grade
    text: str


class CallQuality(Frozen):
    """How a call went technically. Latencies in real milliseconds from the patient's last sound to the bot's first.

    Attributes:
        late_frames: Gaps in the bot's voice; `heard_late`: gaps in the patient's.
        interruptions: Times the patient spoke or pressed into the bot's words.
        resumed: Interruptions that were none, so that the bot went on.
        unheard: Turns in which nothing came.
    """

    grade: Grade
    problems: list[QualityProblem]
    patient: SideQuality | None = None
    bot: SideQuality | None = None
    both_seconds: float | None = None
    late_frames: int = 0
    bad_frames: int = 0
    heard_late: int = 0
    longest_gap_ms: int = 0
    latency_median_ms: int | None = None
    latency_p95_ms: int | None = None
    interruptions: int = 0
    resumed: int = 0
    unheard: int = 0
    turns: int = 0


class CallFilter(Frozen):
    campaign_id: UUID | None = None
    patient_id: UUID | None = None
    quality: Grade | None = None


class CallView(Frozen):
    """A call in a list."""

    id: UUID
    patient_id: UUID | None
    patient_name: str = ""
    record_number: str = ""
    carrier: str
    direction: str
    dialled_by_id: UUID | None = None
    """Who of the hospital dialled it by hand."""
    caller_masked: str | None = None
    """Number of who called us, masked; None where it was hidden, and for calls of ours."""
    state: str
    disposition: str | None
    disposition_label: str | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    duration_seconds: int | None
    transcript_source: str
    conversation_id: UUID | None = None
    response_id: UUID | None = None
    campaign_id: UUID | None = None
    quality: Grade | None = None


class CallEventView(Frozen):
    kind: str
    at: datetime
    data: JsonObject


class RecordingView(Frozen):
    """The audio; `missing_because` says in Chinese why there is none, if that is known.

    Attributes:
        kept_until: When the rule removes it; None for what is on hold.
        held_because: Why it is kept until somebody releases it.
    """

    available: bool
    duration_seconds: float = 0.0
    size_bytes: int = 0
    format: str | None = None
    missing_because: str | None = None
    kind: str | None = None
    created_at: datetime | None = None
    removed_at: datetime | None = None
    kept_until: datetime | None = None
    held_because: str | None = None


class HoldIn(Frozen):
    """Why a recording is to be kept."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    reason: str = Field(min_length=2, max_length=200, repr=False)


class TurnView(Frozen):
    """One thing said or pressed; `offset_ms` and `until_ms` count from the recording's beginning.

    What has no `until_ms` was placed by the clock alone.
    """

    id: str
    sender: str
    text: str
    at: datetime
    offset_ms: int
    until_ms: int | None = None
    key: str | None = None
    source: str | None = None
    latency_ms: int | None = None
    understanding: JsonObject | None = None


class OpenItem(Frozen):
    """A question that was not answered yet; `current` is the one that stands open."""

    link_id: str
    text: str
    current: bool


class CallDetail(CallView):
    """A call with all that is kept of it."""

    turns: list[TurnView] = []
    events: list[CallEventView] = []
    answers: list[JsonObject] = []
    left: list[OpenItem] = []
    recording: RecordingView = RecordingView(available=False)
    figures: CallQuality | None = None


class RevealReason(Frozen):
    reason: str = Field(min_length=2, max_length=200)


class CallerNumber(Frozen):
    """A caller's number in the clear."""

    phone_e164: str = Field(repr=False)
