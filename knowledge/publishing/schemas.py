"""What the editor's pages ask across slices: the overview, the live test, publication."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from knowledge.asked.schemas import Answer, Refer
from knowledge.entries.schemas import AnswerClass, Counts, EntryFilter
from knowledge.search.rules import Kind
from knowledge.search.schemas import IndexView, Parts


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class PublishIn(Frozen):
    reason: str = Field(default="", max_length=500)


class SearchIn(EntryFilter):
    """Words in the body: addresses are kept in logs."""

    words: str = Field(min_length=1, max_length=200)
    limit: int = Field(default=20, ge=1, le=100)


class TryIn(Frozen):
    """A question to try, as if the draft of an entry were published."""

    text: str = Field(max_length=4_000)
    draft_of: UUID | None = None


class TriedHit(Frozen):
    entry_id: UUID
    key: str
    question: str
    matched: str
    answer_class: AnswerClass
    score: float
    parts: Parts


class Tried(Frozen):
    """What a question finds, and why."""

    kind: Kind
    refer: Refer | None
    answer_at: float
    offer_at: float
    took_ms: float
    found: tuple[TriedHit, ...]
    answer: Answer | None


class AllCounts(Counts):
    unanswered: int
    candidates: int


class Thresholds(Frozen):
    answer_at: float
    offer_at: float


class Overview(Frozen):
    counts: AllCounts
    index: IndexView
    thresholds: Thresholds
    departments: tuple[str, ...]


class DraftOfIn(Frozen):
    """Into which entry's draft a question goes; none: a new entry."""

    entry_id: UUID | None = None
