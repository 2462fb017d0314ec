"""Questions asked, answers given, the bank of unanswered ones."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from knowledge.entries.schemas import AnswerClass, Link

Channel = Literal["phone", "web", "wechat", "desk", "test"]
Refer = Literal["clinician", "staff"]
GroupStatus = Literal["open", "drafted", "answered", "dismissed"]
Rated = Literal["useful", "useless", "any"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class AskedIn(Frozen):
    """A patient's question. Its words are read up to a thousand characters; the message id names it on its channel.

    `banked`: whether it goes into the bank at once if nothing answers it; else `note_unanswered` puts it there.
    """

    text: str
    channel: Channel
    message_id: str = Field(min_length=1, max_length=80)
    conversation_id: UUID | None = None
    patient_id: UUID | None = None
    audience: tuple[str, ...] = ()
    banked: bool = True


class Answer(Frozen):
    """An approved answer in its published wording."""

    entry_id: UUID
    entry_key: str
    revision_id: UUID
    revision: int
    question: str
    text_chat: str
    text_voice: str
    links: tuple[Link, ...]
    pictures: tuple[Link, ...]
    answer_class: AnswerClass
    department: str
    score: float


class Choice(Frozen):
    """An entry that may have been meant."""

    entry_id: UUID
    question: str


class Question(Choice):
    """An entry among those that patients read through."""

    department: str


class Finding(Frozen):
    """What came of a question.

    Attributes:
        given_id: Pins the answer to its revision; for `rate`.
        refer: Who is to answer instead: a clinician for what is never answered automatically, else staff.
    """

    kind: Literal["answer", "choices", "none"]
    given_id: UUID | None = None
    answer: Answer | None = None
    choices: tuple[Choice, ...] = ()
    refer: Refer | None = None


class GivenView(Frozen):
    """An answer that was given."""

    id: UUID
    at: datetime
    channel: Channel
    entry_id: UUID
    entry_key: str
    revision: int
    conversation_id: UUID | None
    patient_id: UUID | None
    patient_name: str | None = None
    record_number: str | None = None
    score: float | None
    useful: bool | None
    word: str | None


class GivenFilter(Frozen):
    entry_id: UUID
    revision: int | None = Field(default=None, ge=1)
    rated: Rated | None = None


class Recipients(Frozen):
    """Who received a revision: conversations that can be written to, and patients who heard it on the telephone."""

    conversation_ids: tuple[UUID, ...]
    patient_ids: tuple[UUID, ...]


class Nearest(Frozen):
    """The entry that came nearest to a text."""

    entry_id: UUID
    question: str
    score: float


class GroupView(Frozen):
    """Questions that mean the same and have no answer; `text` is one of them, personal data taken out."""

    id: UUID
    text: str
    count: int
    patients_count: int
    first_at: datetime
    last_at: datetime
    channels: dict[str, int]
    status: GroupStatus
    entry_id: UUID | None
    nearest: Nearest | None


class Sample(Frozen):
    id: UUID
    text: str
    at: datetime
    channel: Channel


class GroupDetail(GroupView):
    samples: tuple[Sample, ...]


class GroupFilter(Frozen):
    status: GroupStatus = "open"
    order: Literal["count", "recent"] = "count"


class MergeIn(Frozen):
    into: UUID


class DismissIn(Frozen):
    reason: str = Field(default="", max_length=200)
