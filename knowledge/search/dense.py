"""The dense side: encoders that turn texts into vectors, and FAISS over the vectors of an index."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from knowledge.search.lexical import Floats
from knowledge.search.text import Counted, Terms

EXACT_UP_TO = 20_000
"""So many vectors are compared one by one (about 2 ms); more are kept in cells, of which the nearest are compared."""
TRAIN_PER_CELL = 40
CELLS_LOOKED_AT = 24
SEED = 7
WEIGHTS_FILE = "model.safetensors"
TOKENIZER_FILE = "tokenizer.json"
EMBEDDING = "embedding.weight"


class Encoder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """Tells one model from another; vectors of different models are never compared."""
        ...

    def encode(self, texts: Sequence[str], counted: Mapping[str, Counted]) -> Floats:
        """Vectors of shape (texts, dimensions); a text of which nothing is known is all zeros.

        Args:
            texts: The texts.
            counted: Their terms by family.
        """
        ...


class EncoderUnavailable(Exception):
    """The model's file is broken, or its service does not answer; finding goes on without it."""


@dataclass(frozen=True)
class StaticEncoder:
    """A sentence-transformers StaticEmbedding, read without torch: the mean of the vectors of a text's terms."""

    name: str
    terms: Terms
    vectors: Floats

    @classmethod
    def load(cls, folder: Path) -> "StaticEncoder":
        """Reads what `knowledge.training` wrote: each token is a term's number in hexadecimal.

        Raises:
            EncoderUnavailable: The files are absent or broken.
        """
        try:
            vectors = load_file(folder / WEIGHTS_FILE)[EMBEDDING].astype(np.float32)
            tokenizer = json.loads((folder / TOKENIZER_FILE).read_text("utf-8"))
            known = {int(token, 16): row for token, row in tokenizer["model"]["vocab"].items() if token[0] != "["}
            name = (folder / "name").read_text("ascii").strip()
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise EncoderUnavailable(type(error).__name__) from error
        terms = np.fromiter(known, np.int64, len(known))
        order = np.argsort(terms)
        return cls(name, terms[order], vectors[np.fromiter(known.values(), np.int64, len(known))[order]])

    def encode(self, texts: Sequence[str], counted: Mapping[str, Counted]) -> Floats:
        tokens = tokens_of(counted)
        places = np.minimum(np.searchsorted(self.terms, tokens.terms), len(self.terms) - 1)
        known = self.terms[places] == tokens.terms
        found = np.zeros((len(texts), self.vectors.shape[1]), np.float32)
        documents, places = tokens.documents[known], places[known]
        if len(documents):
            first = np.flatnonzero(np.concatenate(([True], documents[1:] != documents[:-1])))
            found[documents[first]] = np.add.reduceat(self.vectors[places], first, axis=0)
        return unit(found)


def tokens_of(counted: Mapping[str, Counted]) -> Counted:
    """The tokens of a static embedding: characters, their pairs, and words; ordered by text."""
    characters, words = counted["characters"], counted["words"]
    short = characters.terms < 1 << 42
    documents = np.concatenate((characters.documents[short], words.documents))
    terms = np.concatenate((characters.terms[short], words.terms))
    order = np.argsort(documents, kind="stable")
    return Counted(documents[order], terms[order])


def unit(vectors: Floats) -> Floats:
    """Vectors of length 1; zeros stay zeros."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(length > 0, length, 1)).astype(np.float32)


@dataclass(frozen=True)
class Vectors:
    """The vectors of an index's texts, half precision, and the nearest of them to a question."""

    rows: np.ndarray[Any, np.dtype[np.float16]]

    @cached_property
    def _index(self) -> Any:  # noqa: ANN401 - faiss has no types
        import faiss  # noqa: PLC0415 - only where there is a model

        faiss.omp_set_num_threads(1)
        count, width = self.rows.shape
        if count <= EXACT_UP_TO:
            exact = faiss.IndexFlatIP(width)
            exact.add(self.rows.astype(np.float32))
            return exact
        cells = int(4 * np.sqrt(count))
        index = faiss.IndexIVFScalarQuantizer(
            faiss.IndexFlatIP(width), width, cells, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        )
        chosen = np.random.default_rng(SEED).choice(count, min(count, cells * TRAIN_PER_CELL), replace=False)
        index.train(self.rows[np.sort(chosen)].astype(np.float32))
        index.add(self.rows.astype(np.float32))
        index.nprobe = CELLS_LOOKED_AT
        return index

    def warm_up(self) -> None:
        """Builds FAISS's side, which the first question would wait for."""
        if len(self.rows):
            _ = self._index

    def nearest(self, question: Floats, limit: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Positions of the texts nearest to a unit vector of shape (dimensions,)."""
        if not len(self.rows) or not question.any():
            return np.zeros(0, np.int64)
        _, places = self._index.search(question[None, :], min(limit, len(self.rows)))
        found: np.ndarray[Any, np.dtype[np.int64]] = places[0]
        return found[found >= 0]

    def cosine(self, question: Floats, positions: np.ndarray[Any, np.dtype[np.int64]]) -> Floats:
        """Cosines of some texts to a unit vector."""
        cosines: Floats = (self.rows[positions].astype(np.float32) @ question).astype(np.float32)
        return cosines
