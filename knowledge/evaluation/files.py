"""Measuring on gold questions and on files; nothing is measured under weights that were chosen on it, unless said."""

import csv
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np

from core_api.kit.clock import Clock
from core_api.kit.db import Sessions
from core_api.kit.errors import Invalid
from core_api.kit.yaml_text import load_yaml
from knowledge.entries.schemas import Content, Live
from knowledge.evaluation import calibrating, repository, rules
from knowledge.evaluation.rules import Outcome
from knowledge.evaluation.schemas import FileReport, GoldIn
from knowledge.evaluation.service import METHODS, outcomes
from knowledge.search import index, pairs
from knowledge.search.dense import Encoder
from knowledge.search.finder import finder_of
from knowledge.search.index import Index
from knowledge.search.rules import Method
from knowledge.search.schemas import Tuning
from knowledge.search.text import Analyser

FOLDS = 2
SEED = 7


@dataclass(frozen=True)
class Material:
    """A CSV's titles as entries, and its questions."""

    lives: tuple[Live, ...]
    questions: tuple[GoldIn, ...]


def evaluate(sessions: Sessions, file: Path | None, clock: Clock, *, learn: bool = True) -> FileReport:
    """Measures BM25 alone, dense alone and fused in one run.

    Gold questions are asked under what is in force, which `calibrate` never chose on a file; a CSV brings its own
    entries, and each half of it is asked under a model and weights that were chosen on the other half.

    Args:
        sessions: Of the database with the entries.
        file: Gold questions as YAML, a CSV with `title` and `ask`, or None for the database's gold questions.
        clock: Tells now.
        learn: Whether a CSV's models are trained; without, it is measured by words alone.

    Raises:
        Invalid: The file is neither.
    """
    if file is not None and file.suffix.lower() == ".csv":
        return _by_halves(_from_csv(file), clock, learn=learn)
    with sessions() as session:
        session.connection(execution_options={"read_only": True})
        found, used = finder_of(session).current(session)
        questions = repository.all_gold(session) if file is None else _from_yaml(file)
    by_method = {method: outcomes(found, used, questions, clock.now(), method) for method in _methods(found)}
    return _report(by_method, found, len(questions), [used])


def _by_halves(material: Material, clock: Clock, *, learn: bool) -> FileReport:
    folds = np.random.default_rng(SEED).integers(0, FOLDS, len(material.questions))
    parts = [[one for one, at in zip(material.questions, folds, strict=True) if at == fold] for fold in range(FOLDS)]
    analyser = Analyser()
    by_method: dict[Method, list[Outcome]] = {}
    halves = []
    for fold in range(FOLDS):
        others = [one for at, part in enumerate(parts) if at != fold for one in part]
        encoder = _encoder(material, others, analyser) if learn else None
        halves.append(index.build(material.lives, analyser, encoder, 1, 0))
    # A half's weights suit questions that its own model has not seen: those of the half itself.
    chosen = [_chosen(found, part, clock) for found, part in zip(halves, parts, strict=True)]
    for fold in range(FOLDS):
        for method in _methods(halves[fold]):
            used = chosen[(fold + 1) % FOLDS]
            by_method.setdefault(method, []).extend(outcomes(halves[fold], used, parts[fold], clock.now(), method))
    return _report(by_method, halves[0], len(material.questions), chosen)


def _report(
    by_method: Mapping[Method, Sequence[Outcome]], found: Index, questions: int, tunings: Sequence[Tuning]
) -> FileReport:
    view = found.view()
    return FileReport(
        questions=questions,
        entries=view.entries,
        lines=tuple(rules.figures(method, asked) for method, asked in by_method.items()),
        tunings=tuple(tunings),
        wrong=rules.wrong(by_method["fused"]),
        model=view.model,
    )


def _methods(found: Index) -> list[Method]:
    return [method for method in METHODS if method != "dense" or found.encoder is not None]


def _chosen(found: Index, questions: Sequence[GoldIn], clock: Clock) -> Tuning:
    return calibrating.chosen(found, questions, clock)[0]


def _encoder(material: Material, others: Sequence[GoldIn], analyser: Analyser) -> Encoder:
    """A model that learnt from the entries and from the other half's questions."""
    learnt = pairs.of_contents(live.content for live in material.lives if live.content is not None)
    asked: dict[str, list[str]] = {}
    for one in others:
        asked.setdefault(one.expected[0], []).append(one.question)
    titles = {live.key: live.content.question for live in material.lives if live.content is not None}
    for key, questions in asked.items():
        learnt.add((titles[key], *questions), "")
    with tempfile.TemporaryDirectory() as folder:
        return pairs.train(learnt, analyser, Path(folder))


def _from_yaml(file: Path) -> list[GoldIn]:
    lines = load_yaml(file.read_text("utf-8"))["questions"]
    return [
        GoldIn(question=one["ask"], expected=tuple(one.get("expect") or ()), kind=one.get("kind", "plain"))
        for one in lines
    ]


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
    return Material(tuple(lives), tuple(questions))
