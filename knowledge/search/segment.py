"""A segment: the wordings of a set of entries, ready to be searched."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from knowledge.entries.schemas import AnswerClass, Live
from knowledge.search import aims, lexical
from knowledge.search.dense import Encoder, Vectors
from knowledge.search.lexical import Floats, Postings, Weights
from knowledge.search.text import FAMILIES, Analyser, Marks, Terms

ALWAYS_FROM, ALWAYS_UNTIL = -np.inf, np.inf
EVERY_TERM_UP_TO = 50_000
COMMON_SHARE = 0.05
LEXICAL_CANDIDATES = 200
DENSE_CANDIDATES = 100
WORTH = 0.5
"""A text whose first score is below this share of the best one's is no candidate of the lexical side."""
NEAREST = 3
TINY = 1e-9
EVERYBODY = frozenset({"all"})
WRITTEN, SPOKEN = 2, 1
"""A wording is the question itself, or sounds like it."""
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Known:
    """What finding must know of an entry without asking the database."""

    entry_id: UUID
    key: str
    revision_id: UUID
    revision: int
    answer_class: AnswerClass
    audience: frozenset[str]


@dataclass(frozen=True)
class Question:
    """A question, read once for all segments: its terms and their weights by family, its vector, foreign subjects.

    `marks` are those of this one text.
    """

    terms: Mapping[str, Terms]
    weights: Mapping[str, Floats]
    vector: Floats | None
    marks: Marks
    foreign: tuple[str, ...] = ()

    def ideal(self, family: str) -> float:
        """The weight of all its terms."""
        return float(self.weights[family].sum())


@dataclass(frozen=True)
class Features:
    """Candidates of one segment, one row each; every feature is 0..1.

    `same` tells a wording that is the question: WRITTEN, SPOKEN or 0. `sums` holds for every text of the segment the
    weights that it shares with the question, by family.
    """

    texts: Places
    values: Mapping[str, Floats]
    sums: Mapping[str, Floats]
    same: NDArray[np.int8]


@dataclass(frozen=True)
class Segment:
    """Wordings with the entries they belong to.

    Attributes:
        entries: What is known of each entry.
        texts: All wordings; an entry's first one is its question.
        owner: Position of each wording's entry, shape (texts,), ascending.
        valid: From when until when each entry answers, POSIX seconds, shape (entries, 2).
        families: Postings by family.
        vectors: Of all wordings, if there was an encoder.
        marks: Of all wordings.
        audiences: What `allowed` has found out, by tags.
    """

    entries: tuple[Known, ...]
    texts: Sequence[str]
    owner: NDArray[np.int32]
    valid: NDArray[np.float64]
    families: Mapping[str, Postings]
    vectors: Vectors | None
    marks: Marks
    audiences: dict[frozenset[str], NDArray[np.bool_]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def question_of(self, entry: int) -> str:
        """The question by which an entry is offered."""
        return self.texts[int(self.owner.searchsorted(np.int32(entry)))]

    def features(self, question: Question, means: Mapping[str, float], allowed: NDArray[np.bool_]) -> Features:
        """The texts worth a closer look, by either side, and their features.

        Args:
            question: Read with the weights of the index.
            means: Mean length by family of the index.
            allowed: Which entries may be found, shape (entries,).
        """
        most = len(self.texts) if len(self.texts) <= EVERY_TERM_UP_TO else int(len(self.texts) * COMMON_SHARE)
        sums = {name: self.families[name].sums(question.terms[name], question.weights[name], most) for name in FAMILIES}
        chosen = self._candidates(question, sums, means, allowed)
        values = {
            name: np.minimum(
                _taken(self.families[name], chosen).similarity(sums[name][chosen], question.ideal(name)), 1
            )
            for name in FAMILIES
        }
        values["coverage"] = _taken(self.families["characters"], chosen).coverage(sums["characters"][chosen])
        values["bm25"] = _taken(self.families["characters"], chosen).damped(
            sums["characters"][chosen], means["characters"]
        )
        values["dense"] = np.zeros(len(chosen), np.float32)
        if self.vectors is not None and question.vector is not None:
            values["dense"] = np.maximum(self.vectors.cosine(question.vector, chosen), 0)
        return Features(chosen, values, sums, self._same(question, chosen))

    def _same(self, question: Question, chosen: Places) -> NDArray[np.int8]:
        found = np.zeros(len(chosen), np.int8)
        for mark, ours, theirs in (
            (SPOKEN, self.marks.spoken, question.marks.spoken[0]),
            (WRITTEN, self.marks.written, question.marks.written[0]),
        ):
            found[(ours[chosen] == theirs) & (theirs != 0)] = mark
        return found

    def closer(self, question: Question, sums: Mapping[str, Floats], entries: Sequence[int]) -> Floats:
        """Features of some entries over all their wordings, a column for each of `judging.OF_ENTRY`."""
        wanted = np.asarray(entries, self.owner.dtype)
        begins, ends = self.owner.searchsorted(wanted), self.owner.searchsorted(wanted, side="right")
        columns = [
            np.array([self._best(name, question, sums, slice(*span)) for span in zip(begins, ends, strict=True)])
            for name in (*FAMILIES, "coverage")
        ]
        cosines = [self._cosines(question, *span) for span in zip(begins, ends, strict=True)]
        known = [
            self.families[name].known(question.terms[name], question.weights[name], begins, ends) for name in FAMILIES
        ]
        foreign = [self._is_foreign(question, *span) for span in zip(begins, ends, strict=True)]
        wanted_aims = int(question.marks.aims[0])
        agreed = [
            aims.agreement(wanted_aims, self.marks.aims[begin:end]) for begin, end in zip(begins, ends, strict=True)
        ]
        return np.column_stack((*columns, np.array(cosines), *known, foreign, np.array(agreed))).astype(np.float32)

    def _is_foreign(self, question: Question, begin: int, end: int) -> bool:
        if not question.foreign:
            return False
        named = " ".join(self.texts[begin:end]).lower()
        return any(word not in named for word in question.foreign)

    def _best(self, name: str, question: Question, sums: Mapping[str, Floats], span: slice) -> float:
        if name == "coverage":
            return float((sums["characters"][span] / np.maximum(self.families["characters"].own[span], TINY)).max())
        ideal = self.families[name].own[span] * np.float32(question.ideal(name))
        return min(1.0, float((sums[name][span] / np.sqrt(np.maximum(ideal, TINY))).max()))

    def _cosines(self, question: Question, begin: int, end: int) -> tuple[float, float, float]:
        """The cosines of an entry's nearest wording, of its three nearest, and of its middle."""
        if self.vectors is None or question.vector is None:
            return (0.0, 0.0, 0.0)
        rows = self.vectors.rows[begin:end].astype(np.float32)
        cosines = np.sort(rows @ question.vector)[::-1]
        middle = rows.sum(axis=0)
        centre = float(middle @ question.vector) / max(float(np.linalg.norm(middle)), TINY)
        return (max(0.0, float(cosines[0])), float(cosines[:NEAREST].mean()), centre)

    def _candidates(
        self, question: Question, sums: Mapping[str, Floats], means: Mapping[str, float], allowed: NDArray[np.bool_]
    ) -> Places:
        first = self.families["characters"].damped(sums["characters"], means["characters"])
        first += self.families["syllables"].damped(sums["syllables"], means["syllables"])
        best = float(first.max(initial=0.0))
        found = np.flatnonzero(first >= max(best * WORTH, 1e-6))
        if len(found) > LEXICAL_CANDIDATES:
            found = found[np.argpartition(first[found], -LEXICAL_CANDIDATES)[-LEXICAL_CANDIDATES:]]
        if self.vectors is not None and question.vector is not None:
            found = np.union1d(found, self.vectors.nearest(question.vector, DENSE_CANDIDATES))
        for ours, theirs in (
            (self.marks.spoken, question.marks.spoken[0]),
            (self.marks.written, question.marks.written[0]),
        ):
            if theirs:
                found = np.union1d(found, np.flatnonzero(ours == theirs))
        return found[allowed[self.owner[found]]].astype(np.int64)

    def allowed(self, now: datetime, audience: Iterable[str], alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which entries answer now to these people."""
        at = now.timestamp()
        found = alive & (self.valid[:, 0] <= at) & (at < self.valid[:, 1])
        tags = frozenset(audience)
        return found & self._told(tags) if tags else found

    def _told(self, tags: frozenset[str]) -> NDArray[np.bool_]:
        """Which entries are for people with these tags; there are few kinds of people, and many entries."""
        if tags not in self.audiences:
            told = [not entry.audience or bool(entry.audience & (tags | EVERYBODY)) for entry in self.entries]
            self.audiences[tags] = np.array(told, bool)
        return self.audiences[tags]


def build(
    lives: Iterable[Live], analyser: Analyser, encoder: Encoder | None, weights: Mapping[str, Weights] | None = None
) -> tuple[Segment, Mapping[str, Weights]]:
    """A segment of the entries that answer, and the weights of its terms (or the given ones)."""
    entries: list[Known] = []
    texts: list[str] = []
    owner: list[int] = []
    valid: list[tuple[float, float]] = []
    for live in lives:
        if live.content is None or live.revision_id is None or live.revision is None:
            continue
        content = live.content
        wordings = content.wordings
        texts += wordings
        owner += [len(entries)] * len(wordings)
        valid.append(
            (
                content.valid_from.timestamp() if content.valid_from else ALWAYS_FROM,
                content.valid_until.timestamp() if content.valid_until else ALWAYS_UNTIL,
            )
        )
        entries.append(
            Known(
                live.entry_id,
                live.key,
                live.revision_id,
                live.revision,
                content.answer_class,
                frozenset(content.audience),
            )
        )
    counted = analyser.count(texts)
    weighed = weights or {name: lexical.weigh(counted[name], len(texts)) for name in FAMILIES}
    vectors = None if encoder is None else Vectors(encoder.encode(texts, counted).astype(np.float16))
    segment = Segment(
        entries=tuple(entries),
        texts=texts,
        owner=np.array(owner, np.int32),
        valid=np.array(valid, np.float64).reshape(-1, 2),
        families={name: lexical.invert(counted[name], len(texts), weighed[name]) for name in FAMILIES},
        vectors=vectors,
        marks=analyser.marks(texts),
    )
    return segment, weighed


def _taken(postings: Postings, places: Places) -> Postings:
    """The postings' figures of some texts only."""
    return Postings(postings.terms, postings.offsets, postings.documents, postings.own[places], postings.length[places])
