"""What the static embedding learns from: texts that mean the same, by entry; and training it into a folder."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np

from core_api.kit.errors import ServiceError
from knowledge.entries.schemas import Content
from knowledge.search import training
from knowledge.search.dense import MODEL_FILE, StaticEncoder, save, tokens_of
from knowledge.search.text import Analyser

PAIRS_PER_WORDING = 5
"""Of an entry with many wordings so many pairs a wording are drawn from all that there are: all would take too long."""
SEED = 7


class TrainingFailed(ServiceError):
    default_code = "training_failed"
    status = 503


@dataclass
class Learnt:
    """Texts by entry, and which two of them mean the same."""

    texts: list[str] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    pairs: list[tuple[int, int]] = field(default_factory=list)

    def add(self, wordings: Sequence[str], answer: str) -> None:
        """An entry: its wordings with one another, its question with its answer."""
        owner = self.owners[-1] + 1 if self.owners else 0
        first = len(self.texts)
        told = [*wordings, answer] if answer else list(wordings)
        self.texts += told
        self.owners += [owner] * len(told)
        self.pairs += _drawn(range(first, first + len(wordings)), owner)
        if answer:
            self.pairs.append((first, first + len(wordings)))


def _drawn(places: Sequence[int], owner: int) -> list[tuple[int, int]]:
    """Pairs of an entry's wordings: all of few, some of many, the same ones every time."""
    pairs = list(combinations(places, 2))
    if len(pairs) <= PAIRS_PER_WORDING * len(places):
        return pairs
    drawn = np.random.default_rng((SEED, owner)).choice(len(pairs), PAIRS_PER_WORDING * len(places), replace=False)
    return [pairs[place] for place in np.sort(drawn).tolist()]


def of_contents(contents: Iterable[Content]) -> Learnt:
    """What entries teach."""
    learnt = Learnt()
    for content in contents:
        learnt.add(content.wordings, content.text_chat)
    return learnt


def train(learnt: Learnt, analyser: Analyser, folder: Path, about: str = "") -> StaticEncoder:
    """Trains a static embedding and puts it into `folder`, whole or not at all.

    Args:
        learnt: At least one pair.
        analyser: Reads texts as the index does.
        folder: Receives the model.
        about: What it was trained on; kept in the file.

    Raises:
        TrainingFailed: There is too little to learn from.
    """
    if len(learnt.pairs) < 2:  # noqa: PLR2004 - one pair has nothing to be told from
        raise TrainingFailed("知识条目太少，至少要有两条带相似问法的知识才能训练")
    tokens = tokens_of(analyser.count(learnt.texts))
    given = training.Pairs(tokens, np.array(learnt.owners), np.array(learnt.pairs))
    terms, vectors = training.train(given)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{MODEL_FILE}.{os.getpid()}"
    save(partial, terms, vectors, about)
    partial.replace(folder / MODEL_FILE)
    return StaticEncoder.load(folder)
