"""What finding takes and returns."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from knowledge.entries.schemas import AnswerClass


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Parts(Frozen):
    """The features of one wording for one question, each 0..1."""

    characters: float
    syllables: float
    words: float
    coverage: float
    dense: float


class Hit(Frozen):
    """An entry that was found: the wording that matched best, its score 0..1, and what the score is made of."""

    entry_id: UUID
    key: str
    revision_id: UUID
    revision: int
    answer_class: AnswerClass
    audience: frozenset[str]
    question: str
    matched: str
    score: float
    parts: Parts


class Tuning(Frozen):
    """Weights of the features, and the thresholds.

    Attributes:
        answer_at: From this score on the best entry is given at once,
        margin: if it leads the next entry by this much or more.
        offer_at: From this score on up to three are offered.
    """

    characters: float
    syllables: float
    words: float
    coverage: float
    dense: float
    answer_at: float
    margin: float
    offer_at: float


class IndexView(Frozen):
    """The index that a process answers from."""

    version: int
    entries: int
    questions: int
    model: str | None
