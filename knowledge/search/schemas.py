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
    """An entry that was found, by the wording that matched best.

    Attributes:
        score: How sure it is that the entry answers the question, 0..1; thresholds are of this.
        same: 2 where a wording is the question itself, 1 where one sounds the same, else 0.
        likeness: How much the texts are alike, 0..1, whatever it means for the question.
        parts: What the likeness is made of.
    """

    entry_id: UUID
    key: str
    revision_id: UUID
    revision: int
    answer_class: AnswerClass
    audience: frozenset[str]
    question: str
    matched: str
    score: float
    same: int = 0
    likeness: float
    parts: Parts


class Judge(Frozen):
    """Weights of the closer look and the thresholds; see `knowledge.search.judging` for the features.

    Attributes:
        rank: A weight for each feature of an entry.
        sure, bias: Weights of a logistic regression over the features of the first entry: is it right?
        answer_at: From this sureness on the first entry is given at once.
        offer_at: From this sureness on up to three are offered.
    """

    rank: tuple[float, ...]
    sure: tuple[float, ...]
    bias: float
    answer_at: float
    offer_at: float


class Tuning(Frozen):
    """What finding works by.

    Attributes:
        characters, syllables, words, coverage, dense: Weights of the first look's likeness.
        with_model, by_words: The closer look where there is an encoder, and where there is none.
        chosen_on: What it was calibrated on, and with which model.
    """

    characters: float
    syllables: float
    words: float
    coverage: float
    dense: float
    with_model: Judge
    by_words: Judge
    chosen_on: str = ""

    def judge(self, *, has_dense: bool) -> Judge:
        """The closer look for an index with or without an encoder."""
        return self.with_model if has_dense else self.by_words


class IndexView(Frozen):
    """The index that a process answers from."""

    version: int
    entries: int
    questions: int
    model: str | None
