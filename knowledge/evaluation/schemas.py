"""Gold questions, figures, the gate before publication."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from knowledge.search.rules import Method
from knowledge.search.schemas import Tuning

GoldKind = Literal[
    "plain", "short", "misspelt", "colloquial", "homophone", "two", "out_of_scope", "english", "cantonese"
]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{2,60}$")]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class GoldIn(Frozen):
    """A question and the keys of which any is right; none: it must be refused."""

    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
    expected: tuple[Key, ...] = Field(default=(), max_length=10)
    kind: GoldKind = "plain"


class GoldView(GoldIn):
    id: UUID
    source: Literal["library", "editor"]


class Figures(Frozen):
    """How one method did. Shares are of the questions that have an answer, unless said otherwise.

    Attributes:
        acc_at_1: Right entry first.
        mrr: Mean of 1 / rank of the right entry.
        answered: Share of all questions answered at once.
        wrong_given: Share of all questions that were given a wrong answer at once.
        refused_right: Share of the questions without an answer that got none, nor choices.
        p50_ms, p95_ms: Time of one question, milliseconds.
    """

    method: Method
    acc_at_1: float
    recall_at_5: float
    recall_at_10: float
    mrr: float
    answered: float
    wrong_given: float
    refused_right: float | None
    p50_ms: float
    p95_ms: float


class Wrong(Frozen):
    """A question whose first entry was not right, or that should have been refused and was answered."""

    question: str
    expected: tuple[str, ...]
    found_key: str | None
    score: float


class EvaluationLine(Frozen):
    id: UUID
    at: datetime
    by_name: str
    questions: int
    entries: int
    took_seconds: float
    lines: tuple[Figures, ...]
    answer_at: float
    offer_at: float


class EvaluationView(EvaluationLine):
    wrong: tuple[Wrong, ...]


class FileReport(Frozen):
    """Figures of one file; `tunings` is what it was measured under: what is in force, or one for each fold."""

    questions: int
    entries: int
    lines: tuple[Figures, ...]
    tunings: tuple[Tuning, ...]
    wrong: tuple[Wrong, ...]
    model: str | None = None


class Calibration(Frozen):
    """What was chosen on gold questions, with figures for questions outside of the fold they were judged by.

    Attributes:
        first_right: Right entry first, of those that have one.
        answered_right: Given at once and right, of those that have an answer.
        wrong_given: Given at once and wrong, of all.
        refused_right: Refused, of those without an answer; None without such.
        refused_wrong: Refused, of those with one.
    """

    questions: int
    model: str | None
    first_right: float
    answered_right: float
    wrong_given: float
    refused_right: float | None
    refused_wrong: float
    answer_at: float
    offer_at: float


class GateGold(Frozen):
    """A gold question whose outcome publishing would change."""

    id: UUID
    question: str
    expected: tuple[str, ...]
    found_key: str | None
    found_question: str | None


class Gate(Frozen):
    """What publishing a draft would break or mend among the gold questions."""

    checked: int
    broken: tuple[GateGold, ...]
    fixed: tuple[GateGold, ...]
