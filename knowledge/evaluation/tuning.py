"""Weights and thresholds chosen on some questions, to be reported on others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product

import numpy as np
from numpy.typing import NDArray

from knowledge.evaluation.rules import Outcome
from knowledge.evaluation.schemas import GoldIn
from knowledge.search.index import Index
from knowledge.search.lexical import Floats
from knowledge.search.rules import WEIGHTS, decide
from knowledge.search.schemas import Tuning

STEPS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.45, 0.6, 0.8)
ROUNDS = 3
LOOKED_AT = 5
WRONG_MAX = 0.015
"""Wrong answers given automatically that thresholds may let through where they are chosen; the goal is 0.02."""


@dataclass(frozen=True)
class Sample:
    """A question's candidates: their features, shape (n, 5), their entries, and which entries are right."""

    values: Floats
    owners: NDArray[np.int64]
    right: frozenset[int]


def samples(index: Index, questions: Sequence[GoldIn], now: datetime) -> list[Sample]:
    """The features of every question's candidates in the index's large segment; a slow question of a second."""
    places = {entry.key: place for place, entry in enumerate(index.base.entries)}
    found = []
    for one in questions:
        features = index.features(one.question, now)
        values = np.stack([features.values[name] for name in WEIGHTS], axis=1)
        right = frozenset(places[key] for key in one.expected if key in places)
        found.append(Sample(values, index.base.owner[features.texts].astype(np.int64), right))
    return found


def choose_weights(found: Sequence[Sample], start: Tuning) -> Tuning:
    """Weights that put right entries first, one feature after the other; thresholds are kept."""
    told = [one for one in found if one.right]
    best = np.array([getattr(start, name) for name in WEIGHTS], np.float32)
    reached = quality(told, best)
    for _ in range(ROUNDS):
        before = reached
        for place, step in product(range(len(WEIGHTS)), STEPS):
            tried = best.copy()
            tried[place] = step
            gained = quality(told, tried)
            if gained > reached:
                best, reached = tried, gained
        if reached <= before:
            break
    whole = float(best.sum()) or 1.0
    weights = {name: round(float(value) / whole, 3) for name, value in zip(WEIGHTS, best, strict=True)}
    return start.model_copy(update=weights)


def quality(found: Sequence[Sample], weights: Floats) -> float:
    """Share of right entries first plus share within five."""
    first = within = 0
    for one in found:
        ranked = _ranked(one, weights)
        first += bool(ranked) and ranked[0] in one.right
        within += any(owner in one.right for owner in ranked)
    return (first + within) / max(1, len(found))


def _ranked(one: Sample, weights: Floats) -> list[int]:
    """The first few entries, each once."""
    order = np.argsort(-(one.values @ weights), kind="stable")
    return list(dict.fromkeys(one.owners[order].tolist()))[:LOOKED_AT]


def choose_thresholds(outcomes: Sequence[Outcome], tuning: Tuning) -> Tuning:
    """Thresholds that answer most at once among those that let few wrong answers through and refuse rightly."""
    return max(_candidates(tuning), key=lambda tried: _worth(outcomes, tried))


def _candidates(tuning: Tuning) -> Iterator[Tuning]:
    for answer_at, margin, offer_at in product(
        np.arange(0.3, 0.75, 0.02), (0.0, 0.02, 0.04, 0.06, 0.09), np.arange(0.12, 0.5, 0.03)
    ):
        if offer_at <= answer_at:
            told = {"answer_at": round(float(answer_at), 3), "margin": margin, "offer_at": round(float(offer_at), 3)}
            yield tuning.model_copy(update=told)


def _worth(outcomes: Sequence[Outcome], tuning: Tuning) -> float:
    right = wrong = refused = offered = without = 0
    for one in outcomes:
        kind, given = decide(one.hits, tuning)
        hit = bool(given) and any(found.key in one.expected for found in given)
        right += kind == "answer" and hit
        wrong += kind == "answer" and not hit
        offered += kind == "choices" and hit
        without += not one.expected
        refused += not one.expected and kind == "none"
    total = max(1, len(outcomes))
    excess = max(0.0, wrong / total - WRONG_MAX) * 50 + max(0.0, 0.92 - refused / max(1, without)) * 2
    return (right + 0.5 * offered) / total - excess
