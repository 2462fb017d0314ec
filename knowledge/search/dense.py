"""The dense side: encoders that turn texts into vectors, and FAISS over the vectors of an index."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save_file

from knowledge.search.lexical import Floats
from knowledge.search.text import Counted, Terms

EXACT_UP_TO = 20_000
"""So many vectors are compared one by one (about 2 ms); more are kept in cells, of which the nearest are compared."""
TRAIN_PER_CELL = 40
CELLS_LOOKED_AT = 24
SEED = 7
MODEL_FILE = "model.safetensors"
SPOKEN = np.int64(1 << 62)
"""Tells a syllable's number from a character's."""
BYTE_MAX, TINY = 127, 1e-9
AT_ONCE = 4_096
"""Texts that are turned into vectors at once."""


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
    """A static embedding: the mean of the vectors of a text's terms."""

    name: str
    terms: Terms
    vectors: Floats
    about: str = ""

    @classmethod
    def load(cls, folder: Path) -> "StaticEncoder":
        """Reads what `save` wrote; its name is the file's digest.

        Raises:
            EncoderUnavailable: The file is absent or broken.
        """
        try:
            data = (folder / MODEL_FILE).read_bytes()
            arrays = load(data)
            terms, vectors = arrays["terms"], arrays["vectors"].astype(np.float32) * arrays["scales"][:, None]
            about = bytes(arrays["about"].tolist()).decode("utf-8")
        except (OSError, SafetensorError, KeyError, ValueError, IndexError) as error:
            raise EncoderUnavailable(type(error).__name__) from error
        if not len(terms) or len(terms) != len(vectors):
            raise EncoderUnavailable("shape")
        return cls(f"static-{hashlib.sha256(data).hexdigest()[:16]}", terms, vectors.astype(np.float32), about)

    def encode(self, texts: Sequence[str], counted: Mapping[str, Counted]) -> Floats:
        tokens = tokens_of(counted)
        places = np.minimum(np.searchsorted(self.terms, tokens.terms), len(self.terms) - 1)
        known = self.terms[places] == tokens.terms
        found = np.zeros((len(texts), self.vectors.shape[1]), np.float32)
        documents, places = tokens.documents[known], places[known]
        for begin in range(0, len(texts), AT_ONCE):
            # Every token's vector at once would be gigabytes for a large knowledge base.
            part = slice(*np.searchsorted(documents, (begin, begin + AT_ONCE)))
            if part.start < part.stop:
                rows, first = np.unique(documents[part], return_index=True)
                found[rows] = np.add.reduceat(self.vectors[places[part]], first, axis=0)
        return unit(found)


def save(path: Path, terms: Terms, vectors: Floats, about: str) -> None:
    """Writes a static embedding: ascending terms, a byte per number, a scale per row."""
    scales = np.maximum(np.abs(vectors).max(axis=1), TINY) / BYTE_MAX
    save_file(
        {
            "terms": terms,
            "vectors": np.round(vectors / scales[:, None]).astype(np.int8),
            "scales": scales.astype(np.float32),
            "about": np.frombuffer(about.encode("utf-8") or b" ", np.uint8),
        },
        path,
    )


def tokens_of(counted: Mapping[str, Counted]) -> Counted:
    """The tokens of a static embedding: characters, their pairs, syllables and words; ordered by text."""
    characters, syllables, words = counted["characters"], counted["syllables"], counted["words"]
    short = characters.terms < 1 << 42
    documents = np.concatenate((characters.documents[short], syllables.documents, words.documents))
    terms = np.concatenate((characters.terms[short], syllables.terms | SPOKEN, words.terms))
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
