"""Pure decisions of finding: how features make a score, and what a score allows."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np

from knowledge.search.lexical import Floats
from knowledge.search.schemas import Hit, Judge, Tuning
from knowledge.search.segment import WRITTEN

Kind = Literal["answer", "choices", "none"]
Method = Literal["bm25", "dense", "fused"]
WEIGHTS = ("characters", "syllables", "words", "coverage", "dense")
MAX_CHOICES = 3
CHOICE_WITHIN = 0.05
"""An entry is offered beside the best one from this share of its sureness on."""
OTHER_PEOPLE_WITHIN = 0.05


@cache
def shipped() -> Tuning:
    """What `huifang knowledge calibrate` chose on the gold questions and model that ship."""
    return Tuning.model_validate_json(files("knowledge.shipped").joinpath("tuning.json").read_text("utf-8"))


def fuse(values: Mapping[str, Floats], tuning: Tuning, *, has_dense: bool) -> Floats:
    """One score of 0..1 per candidate: the weighted mean of its features; without an encoder, of the others."""
    names = [name for name in WEIGHTS if has_dense or name != "dense"]
    whole = sum(getattr(tuning, name) for name in names) or 1.0
    found = np.zeros(len(values["characters"]), np.float32)
    for name in names:
        found += values[name] * np.float32(getattr(tuning, name) / whole)
    return found


def decide(hits: Sequence[Hit], judge: Judge) -> tuple[Kind, tuple[Hit, ...]]:
    """Answer at once, offer up to three, or say that one does not know."""
    if not hits:
        return "none", ()
    same = [hit for hit in hits if hit.same == hits[0].same]
    if hits[0].same and len(same) > 1:
        return "choices", tuple(same[:MAX_CHOICES])
    if hits[0].same == WRITTEN or (_sure(hits[0], judge) and not _for_others_too(hits)):
        return "answer", (hits[0],)
    if hits[0].score < judge.offer_at:
        return "none", ()
    near = [hit for hit in hits if hit.score >= hits[0].score * CHOICE_WITHIN]
    return "choices", tuple(near[:MAX_CHOICES])


def _sure(best: Hit, judge: Judge) -> bool:
    """Whether the best entry is surely right; where a wording sounds like the question, less is asked of it."""
    return best.score >= (judge.offer_at if best.same else judge.answer_at)


def _for_others_too(hits: Sequence[Hit]) -> bool:
    """Whether an entry for other people comes near.

    After an embryo transfer and after a kidney transplant the same words want different answers, and the wrong one is
    dangerous: entries for different people are never chosen between.
    """
    best, *others = hits
    return any(
        best.audience and other.audience and not best.audience & other.audience
        for other in others
        if other.score >= best.score * OTHER_PEOPLE_WITHIN
    )
