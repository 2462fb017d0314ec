"""Chooses what finding works by on gold questions: how the best few entries are ranked, and when one is given.

A ranking by softmax and a logistic regression, both with a penalty, in numpy. Thresholds are read off sureness that was
computed for each question by weights that had not seen it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from knowledge.evaluation.schemas import GoldIn
from knowledge.search.index import Index, Look
from knowledge.search.judging import LOOKED_AT, OF_ENTRY, OF_FIRST, of_first, ranks, sureness
from knowledge.search.schemas import Judge, Tuning

FOLDS, ROUNDS = 5, 3
"""Each question is judged once a round by weights that had not seen it; rounds draw other folds."""
SEED = 7
PENALTY_RANK, PENALTY_SURE = 0.01, 0.01
STEPS_RANK, STEPS_SURE = 400, 2_000
RATE = 0.4
WRONG_MAX = 0.01
"""Wrong answers given at once that the thresholds let through where they are chosen. The goal, 0.02, is for questions
that nothing was chosen on: where 1 in 100 is wrong, 159 of them miss it one time in thirteen; at 1.8, in three."""
REFUSED_MIN = 0.92
"""Of the questions without an answer; the goal, 0.9, with something to spare."""
DECIMALS = 5
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """A question, what the closer look saw, and which of the entries are right."""

    question: GoldIn
    look: Look | None
    right: NDArray[np.bool_]


@dataclass(frozen=True)
class Fitted:
    """What was chosen, and how sure and right each question's first entry is out of its fold, round after round."""

    judge: Judge
    sure: Numbers
    right: NDArray[np.bool_]


def samples(index: Index, tuning: Tuning, questions: Sequence[GoldIn], now: datetime) -> list[Sample]:
    """What the closer look sees of each question."""
    found = []
    for one in questions:
        look = index.look(one.question, tuning, now)
        right = np.array([key in one.expected for key in look.keys] if look else [], bool)
        found.append(Sample(one, look, right))
    return found


def fit(found: Sequence[Sample]) -> Fitted:
    """A judge chosen on all questions, its thresholds by cross-validation."""
    rng = np.random.default_rng(SEED)
    sure, right = np.zeros((ROUNDS, len(found))), np.zeros((ROUNDS, len(found)), bool)
    for told in range(ROUNDS):
        folds = rng.integers(0, FOLDS, len(found))
        for fold in range(FOLDS):
            judge = _fitted([one for one, at in zip(found, folds, strict=True) if at != fold])
            for place in np.flatnonzero(folds == fold).tolist():
                sure[told, place], right[told, place] = _judged(found[place], judge)
    without = np.array([not one.question.expected for one in found] * ROUNDS)
    answer_at, offer_at = thresholds(sure.ravel(), right.ravel(), without)
    judge = _fitted(found).model_copy(update={"answer_at": answer_at, "offer_at": offer_at})
    return Fitted(judge, sure.ravel(), right.ravel())


def thresholds(sure: Numbers, right: NDArray[np.bool_], without: NDArray[np.bool_]) -> tuple[float, float]:
    """From which sureness on to answer, and to offer choices.

    The lowest that lets few enough wrong answers through; the lowest that refuses enough of what has no answer, but
    never so high that more than one answerable question in seven is refused for it.
    """
    steps = np.arange(0.02, 0.99, 0.01)
    total, asked = max(1, len(sure)), sure[~without]
    wrong = np.array([((sure >= step) & ~right).sum() / total for step in steps])
    answer_at = float(steps[np.argmax(wrong <= WRONG_MAX)]) if (wrong <= WRONG_MAX).any() else 0.98
    highest = float(np.quantile(asked, 1 / 7)) if len(asked) else answer_at
    refusing = [step for step in steps if not without.any() or (sure[without] < step).mean() >= REFUSED_MIN]
    offer_at = min(float(refusing[0]) if refusing else answer_at, max(highest, float(steps[0])), answer_at)
    return round(answer_at, 3), round(offer_at, 3)


def _judged(one: Sample, judge: Judge) -> tuple[float, bool]:
    """How sure the first entry is, and whether it is right."""
    if one.look is None:
        return 0.0, False
    ranked = ranks(one.look.closer, judge)
    first = int(np.argmax(ranked))
    return float(sureness(one.look.closer, ranked, one.look.about, judge)[first]), bool(one.right[first])


def _fitted(found: Sequence[Sample]) -> Judge:
    """Weights chosen on these questions; no thresholds yet."""
    rank = _fit_rank(found)
    judge = Judge(rank=rank, sure=(0.0,) * len(OF_FIRST), bias=0.0, answer_at=1.0, offer_at=1.0)
    rows, rights = [], []
    for one in found:
        if one.look is not None:
            ranked = ranks(one.look.closer, judge)
            rows.append(of_first(one.look.closer, ranked, one.look.about))
            rights.append(bool(one.right[int(np.argmax(ranked))]))
    if not rows:
        return judge
    sure, bias = _fit_sure(np.array(rows, np.float64), np.array(rights, np.float64))
    return judge.model_copy(update={"sure": sure, "bias": bias})


def _fit_rank(found: Sequence[Sample]) -> tuple[float, ...]:
    """Weights under which the right entries have the largest share of a softmax over the best few."""
    told = [(one.look.closer, one.right) for one in found if one.look is not None and one.right.any()]
    weights = np.zeros(len(OF_ENTRY))
    if not told:
        return tuple(weights)
    seen = np.concatenate([closer for closer, _ in told]).astype(np.float64)
    scale = seen.std(axis=0) + 1e-6
    values = np.zeros((len(told), LOOKED_AT, len(OF_ENTRY)))
    there, right = np.zeros((len(told), LOOKED_AT), bool), np.zeros((len(told), LOOKED_AT), bool)
    for row, (closer, rights) in enumerate(told):
        values[row, : len(closer)] = closer / scale
        there[row, : len(closer)], right[row, : len(closer)] = True, rights
    for _ in range(STEPS_RANK):
        share = _softmax(np.where(there, values @ weights, -np.inf))
        wanted = share * right
        wanted /= wanted.sum(axis=1, keepdims=True) + 1e-12
        slope = np.einsum("ij,ijk->k", share - wanted, values) / len(told)
        weights -= RATE * (slope + PENALTY_RANK * weights)
    return tuple(np.round(weights / scale, DECIMALS).tolist())


def _fit_sure(values: Numbers, right: Numbers) -> tuple[tuple[float, ...], float]:
    """A logistic regression, as weights of the features as they are."""
    mean, scale = values.mean(axis=0), values.std(axis=0) + 1e-6
    scaled = (values - mean) / scale
    weights, bias = np.zeros(values.shape[1]), 0.0
    for _ in range(STEPS_SURE):
        miss = 1 / (1 + np.exp(-(scaled @ weights + bias))) - right
        weights -= RATE * (scaled.T @ miss / len(right) + PENALTY_SURE * weights)
        bias -= RATE * float(miss.mean())
    plain = weights / scale
    return tuple(np.round(plain, DECIMALS).tolist()), round(float(bias - mean @ plain), DECIMALS)


def _softmax(scores: Numbers) -> Numbers:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: Numbers = raised / raised.sum(axis=1, keepdims=True)
    return found
