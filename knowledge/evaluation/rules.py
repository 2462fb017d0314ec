"""Pure figures: ranks and decisions in, shares out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.evaluation.schemas import Figures, Wrong
from knowledge.search.rules import Kind, Method
from knowledge.search.schemas import Hit

RIGHT, OFFERED, WRONG = 2, 1, 0
DEPTH = 10
MAX_WRONG = 200


@dataclass(frozen=True)
class Outcome:
    """What came of one question.

    Attributes:
        rank: Of the first right entry, from 1; None when it is not among the first DEPTH.
        found: Keys given or offered.
    """

    question: str
    expected: tuple[str, ...]
    hits: tuple[Hit, ...]
    kind: Kind
    found: tuple[str, ...]
    took_ms: float

    @property
    def rank(self) -> int | None:
        return next((place for place, hit in enumerate(self.hits, 1) if hit.key in self.expected), None)

    @property
    def wrongly_given(self) -> bool:
        return self.kind == "answer" and self.found[0] not in self.expected


def quality(kind: Kind, found: Sequence[str], expected: Collection[str]) -> int:
    """How good an outcome is: RIGHT, OFFERED among choices, or WRONG."""
    if not expected:
        return {"none": RIGHT, "choices": OFFERED}.get(kind, WRONG)
    if kind == "answer":
        return RIGHT if found[0] in expected else WRONG
    return OFFERED if kind == "choices" and set(found) & set(expected) else WRONG


def figures(method: Method, outcomes: Sequence[Outcome]) -> Figures:
    """The figures of one method over all questions."""
    ranks = [one.rank for one in outcomes if one.expected]
    without = [one for one in outcomes if not one.expected]
    took = np.array([one.took_ms for one in outcomes] or [0.0])
    total = max(1, len(outcomes))
    return Figures(
        method=method,
        acc_at_1=_within(ranks, 1),
        recall_at_5=_within(ranks, 5),
        recall_at_10=_within(ranks, DEPTH),
        mrr=round(sum(1 / rank for rank in ranks if rank) / max(1, len(ranks)), 4),
        answered=round(sum(one.kind == "answer" for one in outcomes) / total, 4),
        wrong_given=round(sum(one.wrongly_given for one in outcomes) / total, 4),
        refused_right=round(sum(one.kind == "none" for one in without) / len(without), 4) if without else None,
        p50_ms=round(float(np.percentile(took, 50)), 2),
        p95_ms=round(float(np.percentile(took, 95)), 2),
    )


def wrong(outcomes: Sequence[Outcome]) -> tuple[Wrong, ...]:
    """The questions that went wrong, the surest mistakes first."""
    bad = [one for one in outcomes if (one.rank != 1 if one.expected else one.kind == "answer")]
    bad.sort(key=lambda one: -(one.hits[0].score if one.hits else 0.0))
    return tuple(
        Wrong(
            question=one.question,
            expected=one.expected,
            found_key=one.hits[0].key if one.hits else None,
            score=one.hits[0].score if one.hits else 0.0,
        )
        for one in bad[:MAX_WRONG]
    )


def _within(ranks: Sequence[int | None], depth: int) -> float:
    return round(sum(rank is not None and rank <= depth for rank in ranks) / max(1, len(ranks)), 4)
