"""Trains a static embedding: vectors of terms so that wordings of one entry lie near each other. Numpy alone, a minute.

What sentence-transformers calls a StaticEmbedding with a multiple-negatives ranking loss: a text is the mean of its
terms' vectors, the other texts of a batch are the wrong answers, except those of the same entry.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.search.lexical import Floats
from knowledge.search.text import Counted, Terms

DIMENSIONS = 256
EPOCHS = 3
BATCH = 256
LEARNING_RATE = 0.02
MIN_COUNT = 2
DROPPED = 0.35
"""Share of a text's terms that a step leaves out: a patient's wording never holds them all. Chosen on dev questions."""
SCALE = 20.0
"""Of the cosines in a batch; sentence-transformers' own default."""
SEED = 7
MOMENTUM, SQUARED, TINY = 0.9, 0.999, 1e-8
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Pairs:
    """What is learnt from.

    Attributes:
        tokens: Terms of the texts.
        owners: Which entry each text is of, shape (texts,).
        pairs: Positions of two texts that mean the same, shape (pairs, 2).
    """

    tokens: Counted
    owners: Places
    pairs: Places


@dataclass(frozen=True)
class _Pooled:
    """Some texts as unit vectors, with what the way back needs."""

    tokens: Places
    lengths: Places
    unit: Floats
    norm: Floats


class _Model:
    """Vectors with Adam's moments; only the rows that a batch holds are touched."""

    def __init__(self, counts: NDArray[np.int64], pairs: int) -> None:
        self.rng = np.random.default_rng(SEED)
        # Begun as a weighted random projection: rare terms are long, so that cosines make sense from the start.
        rarity = np.log(1 + 2 * pairs / counts)[:, None]
        begun = self.rng.standard_normal((len(counts), DIMENSIONS)) * rarity / math.sqrt(DIMENSIONS)
        self.vectors: Floats = begun.astype(np.float32)
        self._first, self._second = np.zeros_like(self.vectors), np.zeros_like(self.vectors)
        self._steps = 0

    def pool(self, texts: Sequence[Places]) -> _Pooled:
        kept = [self._thinned(text) for text in texts]
        lengths = np.array([len(text) for text in kept])
        tokens = np.concatenate(kept)
        begins = np.concatenate(([0], np.cumsum(lengths)[:-1]))
        mean = np.add.reduceat(self.vectors[tokens], begins, axis=0) / lengths[:, None]
        norm = np.linalg.norm(mean, axis=1, keepdims=True) + TINY
        return _Pooled(tokens, lengths, mean / norm, norm)

    def _thinned(self, text: Places) -> Places:
        kept = text[self.rng.random(len(text)) >= DROPPED]
        return kept if len(kept) else text

    def learn(self, sides: Sequence[_Pooled], slopes: Sequence[Floats], rate: float) -> None:
        """One step of Adam against the slopes of the unit vectors."""
        tokens = np.concatenate([side.tokens for side in sides])
        spread = [
            np.repeat(_back(side, slope), side.lengths, axis=0) for side, slope in zip(sides, slopes, strict=True)
        ]
        order = np.argsort(tokens, kind="stable")
        rows, begins = np.unique(tokens[order], return_index=True)
        slope = np.add.reduceat(np.concatenate(spread)[order], begins, axis=0)
        self._steps += 1
        self._first[rows] = MOMENTUM * self._first[rows] + (1 - MOMENTUM) * slope
        self._second[rows] = SQUARED * self._second[rows] + (1 - SQUARED) * slope * slope
        rate *= math.sqrt(1 - SQUARED**self._steps) / (1 - MOMENTUM**self._steps)
        self.vectors[rows] -= rate * self._first[rows] / (np.sqrt(self._second[rows]) + TINY)


def train(learnt: Pairs, epochs: int = EPOCHS) -> tuple[Terms, Floats]:
    """The terms, ascending, and their vectors, shape (terms, DIMENSIONS)."""
    terms, places, counts = np.unique(learnt.tokens.terms, return_inverse=True, return_counts=True)
    known = counts >= MIN_COUNT
    rows = np.where(known, np.cumsum(known) - 1, -1)[places]
    texts = _by_text(learnt.tokens.documents[rows >= 0], rows[rows >= 0], len(learnt.owners))
    pairs = np.array([pair for pair in learnt.pairs if len(texts[pair[0]]) and len(texts[pair[1]])]).reshape(-1, 2)
    model = _Model(counts[known], len(pairs))
    total = max(1, epochs * math.ceil(len(pairs) / BATCH))
    done = 0
    for _ in range(epochs):
        order = model.rng.permutation(len(pairs))
        for begin in range(0, len(order), BATCH):
            batch = pairs[order[begin : begin + BATCH]]
            _step(model, texts, batch, learnt.owners, LEARNING_RATE * (1 - done / total))
            done += 1
    return terms[known], model.vectors


def _step(model: _Model, texts: Sequence[Places], batch: Places, owners: Places, rate: float) -> None:
    ones, others = (model.pool([texts[place] for place in batch[:, side]]) for side in (0, 1))
    owner = owners[batch[:, 0]]
    same = owner[:, None] == owner[None, :]
    np.fill_diagonal(same, val=False)
    scores = np.where(same, -np.inf, SCALE * ones.unit @ others.unit.T)
    right = np.eye(len(batch), dtype=np.float32)
    slope = ((_softmax(scores) - right) + (_softmax(scores.T) - right).T) * (SCALE / 2 / len(batch))
    slopes = [(slope @ others.unit).astype(np.float32), (slope.T @ ones.unit).astype(np.float32)]
    model.learn((ones, others), slopes, rate)


def _back(side: _Pooled, slope: Floats) -> Floats:
    """The slope of a text's every term, from the slope of its unit vector."""
    along = (side.unit * slope).sum(axis=1, keepdims=True)
    found: Floats = (slope - side.unit * along) / side.norm / side.lengths[:, None]
    return found


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: Floats = raised / raised.sum(axis=1, keepdims=True)
    return found


def _by_text(documents: NDArray[np.int32], rows: Places, texts: int) -> list[Places]:
    begins = np.searchsorted(documents, np.arange(texts + 1))
    return [rows[begins[text] : begins[text + 1]] for text in range(texts)]
