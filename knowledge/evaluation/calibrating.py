"""Chooses, on gold questions, what finding works by: with the model in force, and by words alone."""

from collections.abc import Sequence
from dataclasses import replace

from core_api.kit.clock import Clock
from knowledge.entries.schemas import Live
from knowledge.evaluation import fitting
from knowledge.evaluation.fitting import ROUNDS, Fitted, Sample
from knowledge.evaluation.schemas import Calibration, GoldIn
from knowledge.search import index, rules
from knowledge.search.dense import Encoder
from knowledge.search.index import Index
from knowledge.search.schemas import Tuning
from knowledge.search.text import Analyser


def chosen(found: Index, questions: Sequence[GoldIn], clock: Clock) -> tuple[Tuning, tuple[Calibration, ...]]:
    """A tuning chosen on these questions, and its figures for questions outside of their fold."""
    start = rules.shipped()
    told = []
    if found.encoder is not None:
        with_model, figures = _fitted(found, start, questions, clock)
        start = start.model_copy(update={"with_model": with_model.judge})
        told.append(figures)
    bare = replace(found, encoder=None)
    by_words, figures = _fitted(bare, start, questions, clock)
    told.append(figures)
    name = found.encoder.name if found.encoder else ""
    return start.model_copy(
        update={"by_words": by_words.judge, "chosen_on": f"{len(questions)} questions, model {name}"}
    ), tuple(told)


def build(lives: Sequence[Live], analyser: Analyser, encoder: Encoder | None) -> Index:
    """An index to choose on, of entries and a model that are not in force."""
    return index.build(lives, analyser, encoder, 1, 0)


def _fitted(found: Index, start: Tuning, questions: Sequence[GoldIn], clock: Clock) -> tuple[Fitted, Calibration]:
    seen = fitting.samples(found, start, questions, clock.now())
    fitted = fitting.fit(seen)
    return fitted, _figures(found, seen, fitted)


def _figures(found: Index, seen: Sequence[Sample], fitted: Fitted) -> Calibration:
    judge = fitted.judge
    told = list(zip([*seen] * ROUNDS, fitted.sure.tolist(), fitted.right.tolist(), strict=True))
    with_answer = [(sure, right) for one, sure, right in told if one.question.expected]
    without = [sure for one, sure, _ in told if not one.question.expected]
    count, total = max(1, len(with_answer)), max(1, len(told))
    return Calibration(
        questions=len(seen),
        model=found.encoder.name if found.encoder else None,
        first_right=round(sum(right for _, right in with_answer) / count, 4),
        answered_right=round(sum(right and sure >= judge.answer_at for sure, right in with_answer) / count, 4),
        wrong_given=round(sum(not right and sure >= judge.answer_at for _, sure, right in told) / total, 4),
        refused_right=round(sum(sure < judge.offer_at for sure in without) / len(without), 4) if without else None,
        refused_wrong=round(sum(sure < judge.offer_at for sure, _ in with_answer) / count, 4),
        answer_at=judge.answer_at,
        offer_at=judge.offer_at,
    )
