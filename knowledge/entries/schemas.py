"""Entries and revisions as services take and return them."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

EntryStatus = Literal["draft", "published", "retired"]
RevisionStatus = Literal["draft", "in_review", "published", "retired"]
OpenStatus = Literal["draft", "in_review"]
AnswerClass = Literal["service", "education", "advice"]
Flag = Literal["sample", "expiring", "expired", "paused"]

QUESTION_MAX = 200
CHAT_MAX = 4_000
VOICE_MAX = 600
VARIANTS_MAX = 60
KEY = r"^[a-z0-9_]{2,60}$"
Wording = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=QUESTION_MAX)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Link(Frozen):
    """Something to open: on the hospital's own pages, or anywhere by https."""

    title: str = Field(min_length=1, max_length=80)
    url: str = Field(min_length=1, max_length=500, pattern=r"^(https://[^\s<>\"]+|/([^\s<>\"/][^\s<>\"]*)?)$")


class Content(Frozen):
    """What a revision says, and when to whom."""

    question: Wording
    variants: tuple[Wording, ...] = Field(default=(), max_length=VARIANTS_MAX)
    text_chat: Annotated[str, StringConstraints(strip_whitespace=True, max_length=CHAT_MAX)] = ""
    text_voice: Annotated[str, StringConstraints(strip_whitespace=True, max_length=VOICE_MAX)] = ""
    links: tuple[Link, ...] = Field(default=(), max_length=10)
    pictures: tuple[Link, ...] = Field(default=(), max_length=10)
    department: Annotated[str, StringConstraints(strip_whitespace=True, max_length=64)] = ""
    audience: tuple[Tag, ...] = Field(default=(), max_length=20)
    answer_class: AnswerClass = "service"
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    @field_validator("variants")
    @classmethod
    def _each_once(cls, variants: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(variants))

    @field_validator("valid_from", "valid_until")
    @classmethod
    def _aware(cls, at: datetime | None) -> datetime | None:
        if at is not None and at.tzinfo is None:
            message = "时间须带时区"
            raise ValueError(message)
        return at

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            message = "有效期的结束须晚于开始"
            raise ValueError(message)
        return self

    @property
    def spoken(self) -> str:
        """What is said on the phone."""
        return self.text_voice or self.text_chat

    @property
    def wordings(self) -> tuple[str, ...]:
        """The question and its variants, each once."""
        return tuple(dict.fromkeys((self.question, *self.variants)))


class Person(Frozen):
    """Who does something to an entry."""

    id: UUID | None
    name: str
    roles: tuple[str, ...] = ()


class RevisionView(Content):
    """One revision."""

    id: UUID
    entry_id: UUID
    number: int
    status: RevisionStatus
    author_id: UUID | None
    author_name: str
    change_note: str
    created_at: datetime
    submitted_at: datetime | None
    approved: bool
    reviewer_id: UUID | None
    reviewer_name: str | None
    review_note: str
    reviewed_at: datetime | None
    publish_reason: str
    published_at: datetime | None
    retired_at: datetime | None
    given_count: int = 0
    useful_count: int = 0
    useless_count: int = 0

    @property
    def content(self) -> Content:
        """What it says, without its history."""
        return Content.model_validate({name: getattr(self, name) for name in Content.model_fields})


class EntryLine(Frozen):
    """An entry in a list. Votes are those of the published revision since it was last looked at."""

    id: UUID
    key: str
    question: str
    department: str
    answer_class: AnswerClass
    status: EntryStatus
    open_status: OpenStatus | None
    flags: tuple[Flag, ...]
    revision: int | None
    variants_count: int
    given_count: int = 0
    useful_count: int
    useless_count: int
    score: float | None
    owner_id: UUID | None
    owner_name: str | None
    valid_until: datetime | None
    updated_at: datetime


class EntryDetail(EntryLine):
    """An entry with what is published, what is being worked on, and its history."""

    version: int
    published: RevisionView | None
    open: RevisionView | None
    revisions: tuple[RevisionView, ...]


class EntryFilter(Frozen):
    status: EntryStatus | None = None
    open_status: OpenStatus | None = None
    department: str | None = Field(default=None, max_length=64)
    answer_class: AnswerClass | None = None
    flag: Flag | None = None
    owner_id: UUID | None = None


class NewEntry(Frozen):
    content: Content
    change_note: str = Field(default="", max_length=500)
    key: str | None = Field(default=None, pattern=KEY)


class DraftIn(Frozen):
    """A draft to keep; `expected_version` is the entry's version that the editor saw."""

    content: Content
    change_note: str = Field(default="", max_length=500)
    expected_version: int


class ReviewIn(Frozen):
    decision: Literal["approve", "return"]
    note: str = Field(default="", max_length=500)


class ReasonIn(Frozen):
    reason: str = Field(min_length=2, max_length=500)


class NoteIn(Frozen):
    note: str = Field(default="", max_length=500)


class OwnerIn(Frozen):
    owner_id: UUID | None
    owner_name: str | None = Field(default=None, max_length=120)


class Part(Frozen):
    """A piece of a text that stayed, came or went."""

    kind: Literal["same", "added", "removed"]
    text: str


class FieldDifference(Frozen):
    field: str
    title: str
    before: str
    after: str
    parts: tuple[Part, ...]


class Differences(Frozen):
    before: int
    after: int
    fields: tuple[FieldDifference, ...]


class State(Frozen):
    """The version of what answers, of the site's words, and the thresholds in force (None: the shipped ones)."""

    version: int = 0
    terms_version: int = 0
    tuning: dict[str, Any] | None = None
    changed_at: datetime | None = None


class Live(Frozen):
    """What the index needs to know of one entry; `content` is None when it does not answer any more."""

    entry_id: UUID
    key: str
    revision_id: UUID | None
    revision: int | None
    content: Content | None

    @classmethod
    def of_text(cls, text_id: UUID, text: str) -> "Live":
        """Any text, to be found as an entry is."""
        content = Content.model_construct(question=text, variants=(), audience=(), answer_class="service")
        return Live.model_construct(entry_id=text_id, key="", revision_id=text_id, revision=1, content=content)


class Counts(Frozen):
    """How many entries there are of each kind."""

    published: int = 0
    draft: int = 0
    in_review: int = 0
    expiring: int = 0
    expired: int = 0
    paused: int = 0
    sample: int = 0
    retired: int = 0
