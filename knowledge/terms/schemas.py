"""The site's words as services take and return them."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

TermKind = Literal["synonym", "word", "placeholder", "foreign", "familiar"]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Reading = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class TermIn(Frozen):
    """A synonym with the words that are read as it, a word to keep whole, a placeholder with what fills it; a subject.

    A `foreign` subject is what other houses answer; a `familiar` one is on the list that ships, but not foreign here.
    """

    kind: TermKind
    term: Word
    alternatives: tuple[Reading, ...] = Field(default=(), max_length=50)
    label: str = Field(default="", max_length=120)

    @model_validator(mode="after")
    def _has_alternatives(self) -> Self:
        if self.kind == "synonym" and not self.alternatives:
            message = "同义词至少要有一个别名"
            raise ValueError(message)
        if self.kind == "placeholder" and len(self.alternatives) != 1:
            message = "占位内容须填写且只填写一项"
            raise ValueError(message)
        return self


class TermView(TermIn):
    id: UUID
    updated_at: datetime
    updated_by_name: str


class Dictionary(Frozen):
    """All words at once: what is read as what, what is kept whole, and the subjects of other houses."""

    synonyms: dict[str, str]
    words: tuple[str, ...]
    foreign: tuple[str, ...]


class ShippedSubjects(Frozen):
    """The subjects of other houses that ship."""

    words: tuple[str, ...]
