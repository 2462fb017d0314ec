"""Plan templates as data, and what the plan verbs return."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core_api.kit.paging import MAX_LIMIT

EventKind = Literal[
    "transfer",
    "pregnancy_confirmed",
    "insemination",
    "transplant_kidney",
    "transplant_liver",
    "waiting_listed",
    "delivery",
    "discharge",
]
EVENT_TITLES: dict[str, str] = {
    "transfer": "胚胎移植",
    "pregnancy_confirmed": "确认妊娠",
    "insemination": "人工授精",
    "transplant_kidney": "肾移植手术",
    "transplant_liver": "肝移植手术",
    "waiting_listed": "登记等待",
    "delivery": "分娩",
    "discharge": "出院",
}
Operator = Literal["=", "!=", ">", "<", ">=", "<="]
TaskStatus = Literal["planned", "due", "in_progress", "done", "unreachable", "cancelled", "missed"]
Period = Literal["day", "week", "month"]
Channel = Literal["voice", "sms", "chat"]
CancelReason = Literal["patient_declined", "done_elsewhere", "duplicate", "other"]
Origin = Literal["library", "hospital"]
"""Who put a template in force: a shipped one gives way to a newer shipped one, a hospital's own stays."""
MADE_BY_CAMPAIGNS = ("storage_fee", "satisfaction_call", "call_list")
"""Keys of plans that hold tasks called for by campaigns; no template may have them."""
Scalar = bool | int | float | str
AnswerValue = bool | int | float | str | date | tuple[str, ...]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(Frozen):
    """A length of calendar time; months are added first and clip at the month's end, then weeks and days."""

    days: int = Field(default=0, ge=0, le=3660)
    weeks: int = Field(default=0, ge=0, le=520)
    months: int = Field(default=0, ge=0, le=120)


class Phase(Frozen):
    """One stretch of a recurrence: multiples of `every` from the anchor, after the stretch before and up to `until`.

    `label` may hold {n}: the multiple times the amount of `every` (week 1, 2, 3; month 4, 5; month 15, 18).
    """

    every: Span
    until: Span | None = None
    label: str = Field(default="", max_length=60)


class EventCondition(Frozen):
    """An event is (or is not) on the record within this plan's episode."""

    kind: Literal["event"]
    event: str
    present: bool = True


class DetailCondition(Frozen):
    """A detail of an event, such as the urgency of a waiting patient. Absent details meet only `!=`."""

    kind: Literal["detail"]
    event: str
    name: str
    operator: Operator = "="
    value: Scalar


class AnswerCondition(Frozen):
    """The accepted answer to an item in the latest finished task of an earlier node."""

    kind: Literal["answer"]
    node: str
    item: str
    operator: Operator = "="
    value: Scalar


class ElapsedCondition(Frozen):
    """So much time has passed since an event."""

    kind: Literal["elapsed"]
    event: str
    span: Span


Condition = Annotated[
    EventCondition | DetailCondition | AnswerCondition | ElapsedCondition, Field(discriminator="kind")
]


class CreatesEvent(Frozen):
    """An answer that puts an event on the record; its date is `date_item`'s answer, else the day of the answer."""

    event: EventKind
    item: str
    operator: Operator = "="
    value: Scalar
    date_item: str | None = None


class Node(Frozen):
    """What is asked when.

    Attributes:
        anchor: The event the dates count from; the template's own when absent.
        window_before_days: How many days before the due date the patient may already be asked.
        window_after_days: After so many days past the due date the task has expired.
        unless_events: Events of the episode that make the node needless.
        priority: Smaller is sooner.
    """

    key: Key
    title: str = Field(min_length=1, max_length=80)
    questionnaire_key: Key
    anchor: str | None = None
    offset: Span | None = None
    recurrence: tuple[Phase, ...] = ()
    conditions: tuple[Condition, ...] = ()
    unless_events: tuple[str, ...] = ()
    creates_event: CreatesEvent | None = None
    window_before_days: int = Field(default=0, ge=0, le=60)
    window_after_days: int = Field(default=7, ge=0, le=365)
    priority: int = Field(default=50, ge=0, le=100)

    @model_validator(mode="after")
    def _one_timing(self) -> Self:
        if (self.offset is None) == (not self.recurrence):
            message = "offset and recurrence: exactly one of them"
            raise ValueError(message)
        return self


class AppliesWhen(Frozen):
    """Patients a template is for; a patient matches when one of the words is part of theirs. Empty matches all."""

    department: tuple[str, ...] = ()
    stage: tuple[str, ...] = ()


class Template(Frozen):
    """A follow-up plan for a group of patients.

    Attributes:
        anchor: The event each plan counts from; every such event begins an episode, and a plan.
        episode_ends_on: Events that end an episode beside the next one of the anchor's own kind.
        horizon_days: How far ahead tasks are made.
    """

    key: Key
    title: str = Field(min_length=1, max_length=80)
    department: str = Field(max_length=60)
    disease: str = Field(max_length=60)
    type: str = Field(max_length=60)
    anchor: str
    applies_when: AppliesWhen = AppliesWhen()
    episode_ends_on: tuple[str, ...] = ()
    horizon_days: int = Field(default=400, ge=1, le=800)
    note: str = Field(default="", max_length=200)
    nodes: tuple[Node, ...] = Field(min_length=1)


class TemplateView(Frozen):
    """A template with its place in the database."""

    version: int
    template: Template
    created_at: datetime
    origin: Origin = "hospital"


class TemplateProblem(Frozen):
    """What is wrong with a template, for the person who edits it: which node, why, what to do."""

    code: str
    node: str | None
    message: str


class AnchorEvent(Frozen):
    """An event on the record, as the rules see it."""

    id: UUID
    kind: str
    occurred_on: date
    detail: dict[str, Scalar | None] = {}


class Episode(Frozen):
    """From an anchor event up to the event that ends it (exclusive)."""

    anchor: AnchorEvent
    events: tuple[AnchorEvent, ...]
    ends_on: date | None = None


class PlannedTask(Frozen):
    """A task that should be there. `expired`: its window was over on the day it was computed."""

    node_key: str
    occurrence: int
    title: str
    questionnaire_key: str
    due_on: date
    opens_on: date
    expires_on: date
    priority: int
    recurring: bool
    expired: bool


class ExistingTask(Frozen):
    """A stored task, as the rules compare it."""

    id: UUID
    node_key: str
    occurrence: int
    template_version: int = 0
    title: str
    questionnaire_key: str
    due_on: date
    opens_on: date
    expires_on: date
    priority: int
    status: str
    reason: str | None


class Changes(Frozen):
    """What makes the stored tasks equal to the planned ones."""

    create: tuple[PlannedTask, ...] = ()
    move: tuple[tuple[UUID, PlannedTask], ...] = ()
    cancel: tuple[UUID, ...] = ()
    miss: tuple[UUID, ...] = ()


class SyncResult(Frozen):
    created: int = 0
    moved: int = 0
    cancelled: int = 0
    missed: int = 0

    def __add__(self, other: "SyncResult") -> "SyncResult":
        return SyncResult(
            created=self.created + other.created,
            moved=self.moved + other.moved,
            cancelled=self.cancelled + other.cancelled,
            missed=self.missed + other.missed,
        )


class TaskFilter(Frozen):
    """Which tasks. `period` counts from today: day = due by today and open, week = next 7 days, month = next 30."""

    period: Period | None = None
    due_from: date | None = None
    due_to: date | None = None
    site: str | None = None
    stage: str | None = None
    template_key: str | None = None
    status: TaskStatus | None = None
    patient_id: UUID | None = None
    patient_ids: tuple[UUID, ...] | None = None


class TaskQuery(Frozen):
    """The filter as an address carries it; it has no room for a name or a phone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    period: Period | None = None
    due_from: date | None = None
    due_to: date | None = None
    site: str | None = None
    stage: str | None = None
    template: str | None = None
    status: TaskStatus | None = None
    patient_id: UUID | None = None
    cursor: str | None = Field(default=None, max_length=400, description="上一页的 next_cursor")
    limit: int = Field(default=20, ge=1, le=MAX_LIMIT)


class TaskView(Frozen):
    id: UUID
    patient_id: UUID
    plan_id: UUID
    template_key: str
    template_title: str
    node_key: str
    occurrence: int
    title: str
    questionnaire_key: str
    due_on: date
    opens_on: date
    expires_on: date
    status: TaskStatus
    reason: str | None
    response_id: UUID | None
    channel: Channel | None
    priority: int
    patient_name: str
    record_number: str
    site: str | None
    department: str | None
    stage: str | None
    changed_at: datetime


class DueTask(Frozen):
    """A task as a campaign takes it up: nothing of the person but the id, for there may be a million."""

    id: UUID
    patient_id: UUID
    title: str
    questionnaire_key: str
    channel: Channel | None


class PlanView(Frozen):
    """One patient's plan with its tasks in order of date."""

    id: UUID
    template_key: str
    template_version: int | None
    title: str
    status: Literal["active", "ended"]
    anchor_kind: str
    anchor_title: str
    anchor_on: date | None
    tasks: tuple[TaskView, ...]


class OwnTaskIn(Frozen):
    title: str = Field(min_length=1, max_length=80)
    questionnaire_key: Key
    due_on: date
    channel: Channel | None = None
    window_after_days: int = Field(default=7, ge=0, le=365)


class OwnPlanIn(Frozen):
    """A plan drawn up for one patient by hand: time, content and way of each round."""

    title: str = Field(min_length=1, max_length=80)
    tasks: tuple[OwnTaskIn, ...] = Field(min_length=1, max_length=60)


class CancelIn(Frozen):
    reason: CancelReason


class TaskCounts(Frozen):
    """Today's work: open tasks due by today, of these the overdue ones, and tasks done today."""

    due: int
    overdue: int
    done: int


class LibraryReport(Frozen):
    """`updated`: a newer shipped version took the place of the shipped one before it."""

    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
