"""Measuring on a file by folds: each is measured under a model, weights and thresholds that never saw its questions."""

import csv
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import yaml
from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.db import Sessions
from core_api.kit.errors import Invalid
from knowledge.entries import reading
from knowledge.entries.schemas import Content, Live
from knowledge.evaluation import repository, rules, tuning
from knowledge.evaluation.rules import Outcome
from knowledge.evaluation.schemas import FileReport, GoldIn
from knowledge.evaluation.service import METHODS, outcomes
from knowledge.search import index, pairs
from knowledge.search.dense import Encoder
from knowledge.search.index import Index
from knowledge.search.rules import FUSED, Method
from knowledge.search.schemas import Tuning
from knowledge.search.text import Analyser
from knowledge.terms import service as terms

FOLDS = 2
SEED = 7


@dataclass(frozen=True)
class Material:
    """What is measured: entries, questions, and whether questions may be learnt from (the other folds')."""

    lives: tuple[Live, ...]
    questions: tuple[GoldIn, ...]
    analyser: Analyser
    learn: bool


def evaluate(sessions: Sessions, file: Path | None, interpreter: Path | None, clock: Clock) -> FileReport:
    """Measures BM25 alone, dense alone and fused, each question under what was chosen without its fold.

    Args:
        sessions: Of the database with the entries; a CSV brings its own.
        file: Gold questions as YAML, a CSV with `title` and `ask`, or None for the database's gold questions.
        interpreter: Of the training environment; None measures without the dense side.
        clock: Tells now.

    Raises:
        Invalid: The file is neither.
    """
    with sessions() as session:
        session.connection(execution_options={"read_only": True})
        material = _from_csv(file) if file and file.suffix.lower() == ".csv" else _from_base(session, file)
    now = clock.now()
    folds = np.random.default_rng(SEED).integers(0, FOLDS, len(material.questions))
    parts = [[one for one, at in zip(material.questions, folds, strict=True) if at == fold] for fold in range(FOLDS)]
    indexes = [_index(material, [*parts[:fold], *parts[fold + 1 :]], interpreter) for fold in range(FOLDS)]
    chosen = [_chosen(found, part, now) for found, part in zip(indexes, parts, strict=True)]
    by_method: dict[Method, list[Outcome]] = {method: [] for method in METHODS}
    used = []
    for fold in range(FOLDS):
        other = chosen[(fold + 1) % FOLDS]
        used.append(other)
        for method in METHODS:
            if method != "dense" or indexes[fold].encoder is not None:
                by_method[method] += outcomes(indexes[fold], other, parts[fold], now, method)
    return FileReport(
        questions=len(material.questions),
        entries=len(material.lives),
        lines=tuple(rules.figures(method, found) for method, found in by_method.items() if found),
        tunings=tuple(used),
        wrong=rules.wrong(by_method["fused"]),
    )


def _chosen(found: Index, questions: Sequence[GoldIn], now: datetime) -> Tuning:
    """Weights and thresholds that suit a fold best."""
    weighed = tuning.choose_weights(tuning.samples(found, questions, now), FUSED)
    return tuning.choose_thresholds(outcomes(found, weighed, questions, now), weighed)


def _index(material: Material, others: Sequence[Sequence[GoldIn]], interpreter: Path | None) -> Index:
    """An index whose model has seen the entries and, where allowed, the questions of the other folds."""
    encoder = None if interpreter is None else _encoder(material, others, interpreter)
    return index.build(material.lives, material.analyser, encoder, 1, 0)


def _encoder(material: Material, others: Sequence[Sequence[GoldIn]], interpreter: Path) -> Encoder:
    learnt = pairs.of_contents(live.content for live in material.lives if live.content is not None)
    if material.learn:
        titles = {live.key: live.content.question for live in material.lives if live.content is not None}
        learnt += [(one.question, titles[one.expected[0]]) for part in others for one in part if one.expected]
    with tempfile.TemporaryDirectory() as folder:
        trained = pairs.train(learnt, material.analyser, Path(folder) / "model", interpreter)
    return replace(trained, name="evaluation")


def _from_csv(file: Path) -> Material:
    """Titles are the entries, asks the questions; a title's answer is learnt from, not searched."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    if not rows or not {"title", "ask"} <= set(rows[0]):
        raise Invalid("CSV 须有 title 和 ask 两列", field="file")
    keys: dict[str, str] = {}
    lives = []
    for row in rows:
        if row["title"] not in keys:
            keys[row["title"]] = f"t_{len(keys)}"
            text_id = UUID(int=len(keys))
            content = Content.model_construct(question=row["title"], text_chat=row.get("answer", ""))
            key = keys[row["title"]]
            lives.append(
                Live.model_construct(entry_id=text_id, key=key, revision_id=text_id, revision=1, content=content)
            )
    questions = [
        GoldIn.model_construct(question=row["ask"], expected=(keys[row["title"]],), kind="plain") for row in rows
    ]
    return Material(tuple(lives), tuple(questions), Analyser(), learn=True)


def _from_base(session: Session, file: Path | None) -> Material:
    """The database's entries, and gold questions of a file or its own; gold questions are never learnt from."""
    words = terms.dictionary(session)
    if file is None:
        questions = [
            GoldIn.model_validate(one.model_dump(include=set(GoldIn.model_fields)))
            for one in repository.all_gold(session)
        ]
    else:
        lines = yaml.safe_load(file.read_text("utf-8"))["questions"]
        questions = [
            GoldIn(question=one["ask"], expected=tuple(one.get("expect") or ()), kind=one.get("kind", "plain"))
            for one in lines
        ]
    analyser = Analyser(words.synonyms, words.words)
    return Material(tuple(reading.live_since(session, 0)), tuple(questions), analyser, learn=False)
