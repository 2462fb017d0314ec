"""BM25's weights over inverted lists, in numpy: a question's terms are looked up, their weights added where they occur.

A term counts once in a question and once in a text: questions are short, and a word said twice means no more.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from knowledge.search.text import Counted, Terms

K1 = 2.0
B = 1.0
Floats = NDArray[np.float32]
UNKNOWN_SHARE = 0.5
"""A term that no text holds weighs this share of the rarest: it may be a misspelling as well as another subject."""


@dataclass(frozen=True)
class Weights:
    """How rare each term is, and how long texts are; fixed by the texts an index was built from."""

    terms: Terms
    values: Floats
    rarest: float
    mean_length: float

    def unknown(self, terms: Terms) -> NDArray[np.bool_]:
        """Which of the terms no text holds."""
        if not len(self.terms):
            return np.ones(len(terms), bool)
        places = np.minimum(np.searchsorted(self.terms, terms), len(self.terms) - 1)
        found: NDArray[np.bool_] = self.terms[places] != terms
        return found

    def of(self, terms: Terms) -> Floats:
        """The weight of each term."""
        unknown = np.float32(self.rarest * UNKNOWN_SHARE)
        if not len(self.terms):
            return np.full(len(terms), unknown, np.float32)
        places = np.minimum(np.searchsorted(self.terms, terms), len(self.terms) - 1)
        return np.where(self.terms[places] == terms, self.values[places], unknown).astype(np.float32)


@dataclass(frozen=True)
class Postings:
    """One family of terms of some texts.

    Attributes:
        terms: Sorted term numbers, shape (t,).
        offsets: Where each term's texts begin in `documents`, shape (t + 1,).
        documents: Text positions, each once per term.
        own: Sum of the weights of each text's terms, shape (texts,).
        length: Number of each text's terms, shape (texts,).
        dampings: What `damped` has computed, by mean length.
    """

    terms: Terms
    offsets: NDArray[np.int64]
    documents: NDArray[np.int32]
    own: Floats
    length: Floats
    dampings: dict[float, Floats] = field(default_factory=dict, init=False, repr=False, compare=False)

    def sums(self, terms: Terms, values: Floats, most: int) -> Floats:
        """Adds up, for every text, the weights of the question's terms that it holds.

        Args:
            terms: The question's, each once.
            values: Their weights.
            most: Terms in more texts than this are left out: they hardly weigh and cost most.
        """
        found = np.zeros(len(self.own), np.float32)
        if not len(self.terms) or not len(terms):
            return found
        places = np.minimum(np.searchsorted(self.terms, terms), len(self.terms) - 1)
        for index in np.flatnonzero(self.terms[places] == terms):
            first, last = self.offsets[places[index]], self.offsets[places[index] + 1]
            if last - first <= most:
                found[self.documents[first:last]] += values[index]
        return found

    def known(self, terms: Terms, values: Floats, begins: NDArray[np.int64], ends: NDArray[np.int64]) -> Floats:
        """Which share of the question's weight the texts of each stretch know together, shape (stretches,)."""
        found = np.zeros(len(begins), np.float32)
        whole = max(float(values.sum()), 1e-9)
        if not len(self.terms) or not len(terms):
            return found
        # Of another type, each search would first copy the list that is searched.
        edges = np.concatenate((begins, ends)).astype(self.documents.dtype)
        places = np.minimum(np.searchsorted(self.terms, terms), len(self.terms) - 1)
        for index in np.flatnonzero(self.terms[places] == terms):
            first, last = self.offsets[places[index]], self.offsets[places[index] + 1]
            at = self.documents[first:last].searchsorted(edges)
            found[at[: len(begins)] < at[len(begins) :]] += values[index] / whole
        return found

    def damped(self, sums: Floats, mean_length: float) -> Floats:
        """BM25 scores, from the sums: a long text holds many terms by chance."""
        scores: Floats = sums * self._damping(mean_length)
        return scores

    def _damping(self, mean_length: float) -> Floats:
        """The factor of each text; the mean is an index's own, so that it is computed once."""
        if mean_length not in self.dampings:
            factor = (K1 + 1) / (1 + K1 * (1 - B + B * self.length / mean_length))
            self.dampings[mean_length] = factor.astype(np.float32)
        return self.dampings[mean_length]

    def similarity(self, sums: Floats, ideal: float) -> Floats:
        """Shared weight over the geometric mean of both sides' weights: 1 for the same terms, 0 for none shared."""
        scores: Floats = (sums / np.sqrt(np.maximum(self.own * np.float32(ideal), np.float32(1e-9)))).astype(np.float32)
        return scores

    def coverage(self, sums: Floats) -> Floats:
        """The share of each text's weight that the question holds."""
        scores: Floats = (sums / np.maximum(self.own, np.float32(1e-9))).astype(np.float32)
        return scores


def weigh(counted: Counted, texts: int) -> Weights:
    """BM25's weights of the terms of so many texts."""
    terms, frequency = np.unique(counted.terms, return_counts=True)
    values = np.log(1 + (texts - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
    mean = len(counted.terms) / texts if len(counted.terms) else 1.0
    return Weights(terms, values, float(np.log(1 + (texts + 0.5) / 0.5)), mean)


def invert(counted: Counted, texts: int, weights: Weights) -> Postings:
    """Postings of texts; `weights` may be those of another, larger set of texts."""
    order = np.argsort(counted.terms, kind="stable")
    terms, first = np.unique(counted.terms[order], return_index=True)
    return Postings(
        terms=terms,
        offsets=np.append(first, len(order)).astype(np.int64),
        documents=counted.documents[order],
        own=np.bincount(counted.documents, weights.of(counted.terms), texts).astype(np.float32),
        length=np.bincount(counted.documents, minlength=texts).astype(np.float32),
    )
