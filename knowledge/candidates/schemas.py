"""Candidates as services take and return them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from knowledge.asked.schemas import Nearest

SourceKind = Literal["desk", "chat", "call", "consult", "education", "canned", "group"]
CandidateStatus = Literal["open", "drafted", "dismissed"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class CandidateIn(Frozen):
    """What somebody was asked and answered, and where."""

    question: str = Field(min_length=1, max_length=1_000)
    answer: str = Field(min_length=1, max_length=4_000)
    source_kind: SourceKind
    source_id: UUID | None = None


class CandidateView(Frozen):
    """A candidate; personal data is taken out of both texts."""

    id: UUID
    question: str
    answer: str
    source_kind: SourceKind
    source_id: UUID | None
    author_id: UUID | None
    at: datetime
    status: CandidateStatus
    entry_id: UUID | None
    similar: Nearest | None = None


class CandidateFilter(Frozen):
    status: CandidateStatus = "open"
    source_kind: SourceKind | None = None
