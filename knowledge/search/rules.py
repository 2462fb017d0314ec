"""Pure decisions of finding: how features make a score, and what a score allows."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from knowledge.search.lexical import Floats
from knowledge.search.schemas import Hit, Tuning

Kind = Literal["answer", "choices", "none"]
Method = Literal["bm25", "dense", "fused"]
WEIGHTS = ("characters", "syllables", "words", "coverage", "dense")
MAX_CHOICES = 3
CHOICE_WITHIN = 0.6
"""An entry is offered beside the best one from this share of its score on."""

OTHER_PEOPLE_WITHIN = 0.6
EXACT = 0.999

FUSED = Tuning(
    characters=0.08, syllables=0.14, words=0.03, coverage=0.05, dense=0.7, answer_at=0.52, margin=0.08, offer_at=0.36
)
"""Chosen on the shipped gold questions but the held-out ones; without a model the others keep their proportions."""


def fuse(values: Mapping[str, Floats], tuning: Tuning, *, has_dense: bool) -> Floats:
    """One score of 0..1 per candidate: the weighted mean of its features; without an encoder, of the others."""
    names = [name for name in WEIGHTS if has_dense or name != "dense"]
    whole = sum(getattr(tuning, name) for name in names) or 1.0
    found = np.zeros(len(values["characters"]), np.float32)
    for name in names:
        found += values[name] * np.float32(getattr(tuning, name) / whole)
    return found


def decide(hits: Sequence[Hit], tuning: Tuning) -> tuple[Kind, tuple[Hit, ...]]:
    """Answer at once, offer up to three, or say that one does not know."""
    if not hits or hits[0].score < tuning.offer_at:
        return "none", ()
    if hits[0].score >= tuning.answer_at and _leads(hits, tuning):
        return "answer", (hits[0],)
    near = [hit for hit in hits if hit.score >= hits[0].score * CHOICE_WITHIN]
    return "choices", tuple(near[:MAX_CHOICES])


def _leads(hits: Sequence[Hit], tuning: Tuning) -> bool:
    """Whether the best entry is clearly the one: exactly its wording, or well before the next.

    After an embryo transfer and after a kidney transplant the same words want different answers, and the wrong one is
    dangerous: entries for different people must lie further apart.
    """
    best, *others = hits
    if best.parts.characters >= EXACT:
        return all(other.parts.characters < EXACT for other in others)
    for other in others:
        lead = best.score - other.score
        apart = bool(best.audience and other.audience) and not best.audience & other.audience
        if lead < tuning.margin or (apart and other.score >= best.score * OTHER_PEOPLE_WITHIN):
            return False
    return True
