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
    """Some texts as unit vectors, with what the way back needs.

    Attributes:
        rows: The terms that occur, ascending.
        shares: The share of each of them in each text, shape (texts, rows); dense, as BLAS adds up fastest.
    """

    rows: Places
    shares: Floats
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
        rows, columns = np.unique(np.concatenate(kept), return_inverse=True)
        shares = np.zeros((len(texts), len(rows)), np.float32)
        shares[np.repeat(np.arange(len(texts)), lengths), columns] = np.repeat(1 / lengths, lengths)
        mean = shares @ self.vectors[rows]
        norm = np.linalg.norm(mean, axis=1, keepdims=True) + TINY
        return _Pooled(rows, shares, mean / norm, norm)

    def _thinned(self, text: Places) -> Places:
        kept = text[self.rng.random(len(text)) >= DROPPED]
        return kept if len(kept) else text

    def learn(self, texts: _Pooled, slope: Floats, rate: float) -> None:
        """One step of Adam against the slope of the unit vectors."""
        rows, turned = texts.rows, texts.shares.T @ _back(texts, slope)
        self._steps += 1
        first = MOMENTUM * self._first[rows] + (1 - MOMENTUM) * turned
        second = SQUARED * self._second[rows] + (1 - SQUARED) * turned * turned
        self._first[rows], self._second[rows] = first, second
        rate *= math.sqrt(1 - SQUARED**self._steps) / (1 - MOMENTUM**self._steps)
        self.vectors[rows] -= rate * first / (np.sqrt(second) + TINY)


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
    both = model.pool([texts[place] for place in batch.T.ravel().tolist()])
    ones, others = both.unit[: len(batch)], both.unit[len(batch) :]
    owner = owners[batch[:, 0]]
    same = owner[:, None] == owner[None, :]
    np.fill_diagonal(same, val=False)
    scores = np.where(same, -np.inf, SCALE * ones @ others.T)
    right = np.eye(len(batch), dtype=np.float32)
    slope = ((_softmax(scores) - right) + (_softmax(scores.T) - right).T) * (SCALE / 2 / len(batch))
    model.learn(both, np.concatenate((slope @ others, slope.T @ ones)).astype(np.float32), rate)


def _back(texts: _Pooled, slope: Floats) -> Floats:
    """The slope of each text's mean, from the slope of its unit vector."""
    along = (texts.unit * slope).sum(axis=1, keepdims=True)
    found: Floats = ((slope - texts.unit * along) / texts.norm).astype(np.float32)
    return found


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: Floats = raised / raised.sum(axis=1, keepdims=True)
    return found


def _by_text(documents: NDArray[np.int32], rows: Places, texts: int) -> list[Places]:
    begins = np.searchsorted(documents, np.arange(texts + 1))
    return [rows[begins[text] : begins[text + 1]] for text in range(texts)]
