"""An index: a large segment built now and then, a small one of what changed since; immutable, so swapped whole."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from knowledge.entries.schemas import Live
from knowledge.search import segment as segments
from knowledge.search.dense import Encoder, EncoderUnavailable
from knowledge.search.judging import LOOKED_AT, OF_ENTRY, ranks, sureness
from knowledge.search.lexical import Floats, Weights
from knowledge.search.rules import WEIGHTS, Method, fuse
from knowledge.search.schemas import Hit, IndexView, Judge, Parts, Tuning
from knowledge.search.segment import WRITTEN, Features, Known, Question, Segment
from knowledge.search.text import FAMILIES, SHIFT, Analyser, Terms
from knowledge.search.text import MAX_CHARACTERS as MAX_READ

DECIMALS = 4
MOST = 50
"""Entries of a segment that a search can return."""
SINGLE = 1 << SHIFT
MAX_WORDS, MAX_CHARACTERS = 10, 40
"""A longer question counts as one of this length."""
LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
LATIN_SENTENCE = 3


@dataclass(frozen=True)
class Look:
    """The best few entries of a question as the closer look sees them."""

    keys: tuple[str, ...]
    closer: Floats
    about: tuple[float, ...]


@dataclass(frozen=True)
class _Candidate:
    """An entry by the wording that matched best: a row of its segment's features."""

    segment: Segment
    features: Features
    row: int
    likeness: float

    @property
    def text(self) -> int:
        return int(self.features.texts[self.row])

    @property
    def place(self) -> int:
        return int(self.segment.owner[self.text])

    @property
    def same(self) -> int:
        return int(self.features.same[self.row])


@dataclass(frozen=True)
class Index:
    """What one process answers from.

    Attributes:
        version: The database's version that it shows.
        base: The large segment; its weights count for both.
        base_alive: Which of its entries still answer as they stand there.
        changed: Every entry that changed since the base was built; those that do not answer any more have no content.
        delta: The segment of `changed`.
    """

    version: int
    terms_version: int
    analyser: Analyser
    encoder: Encoder | None
    weights: Mapping[str, Weights]
    base: Segment
    base_alive: NDArray[np.bool_]
    changed: Mapping[UUID, Live]
    delta: Segment | None

    def with_changes(self, version: int, lives: Iterable[Live]) -> "Index":
        """The same index after changes; costs as much as all changes since the base was built."""
        changed = {**self.changed, **{live.entry_id: live for live in lives}}
        alive = np.array([entry.entry_id not in changed for entry in self.base.entries], bool)
        try:
            delta, _ = segments.build(changed.values(), self.analyser, self.encoder, self.weights)
        except EncoderUnavailable:
            delta, _ = segments.build(changed.values(), self.analyser, None, self.weights)
        return replace(self, version=version, base_alive=alive, changed=changed, delta=delta)

    def read(self, text: str) -> Question:
        """A question with its terms, weights and vector; without a vector where the encoder does not answer."""
        counted = self.analyser.count([text])
        vector = None
        if self.encoder is not None:
            try:
                vector = self.encoder.encode([text], counted)[0]
            except EncoderUnavailable:
                vector = None
        terms = {name: counted[name].terms for name in FAMILIES}
        weights = {name: self.weights[name].of(terms[name]) for name in FAMILIES}
        return Question(terms, weights, vector, self.analyser.marks([text]), self.analyser.foreign(text))

    def search(
        self,
        text: str,
        tuning: Tuning,
        now: datetime,
        limit: int = 10,
        *,
        audience: Sequence[str] = (),
        method: Method = "fused",
    ) -> list[Hit]:
        """The entries nearest to a question, the best first, each once by its best wording."""
        question = self.read(text)
        found = self._candidates(question, tuning, now, audience, method)
        if method != "fused" or not found:
            return [_hit(one, one.likeness) for one in found[:limit]]
        looked_at, rest = found[:LOOKED_AT], found[LOOKED_AT:limit]
        closer = _closer(question, looked_at)
        judge = tuning.judge(has_dense=question.vector is not None)  # an encoder may fail for one question
        ranked = ranks(closer, judge)
        sure = sureness(closer, ranked, self._about(text, question), judge)
        same = np.array([one.same for one in looked_at])
        order = np.lexsort((-ranked, -same))
        hits = [_hit(looked_at[place], 1.0 if same[place] == WRITTEN else float(sure[place])) for place in order]
        return [*hits, *(_hit(one, 0.0) for one in rest)][:limit]

    def look(self, text: str, tuning: Tuning, now: datetime) -> Look | None:
        """What the closer look sees of a question; for choosing its weights. None where nothing was found."""
        question = self.read(text)
        found = self._candidates(question, tuning, now, (), "fused")[:LOOKED_AT]
        if not found:
            return None
        keys = tuple(one.segment.entries[one.place].key for one in found)
        return Look(keys, _closer(question, found), self._about(text, question))

    def _candidates(
        self, question: Question, tuning: Tuning, now: datetime, audience: Sequence[str], method: Method
    ) -> list[_Candidate]:
        """The entries by the first look, the likest first, each once."""
        means = {name: self.weights[name].mean_length for name in FAMILIES}
        found: list[_Candidate] = []
        for segment, alive in self._segments():
            features = segment.features(question, means, segment.allowed(now, audience, alive))
            scores = _scores(features, tuning, method, has_dense=question.vector is not None)
            first = scores + features.same if method == "fused" else scores
            rows = _best_of_each(segment, features, first)[:MOST]
            found += [_Candidate(segment, features, int(row), float(scores[row])) for row in rows]
        return sorted(found, key=lambda one: (-one.same if method == "fused" else 0, -one.likeness))

    def _about(self, text: str, question: Question) -> tuple[float, ...]:
        """The features of the question itself, see `judging.OF_QUESTION`."""
        words, characters = question.terms["words"], question.terms["characters"]
        single = characters < SINGLE
        unknown = self._unknown("characters", characters) & single
        weight = question.weights["characters"]
        return (
            float(self._unknown("words", words).mean()) if len(words) else 0.0,
            float(weight[unknown].sum() / max(float(weight.sum()), 1e-9)),
            min(len(words), MAX_WORDS) / MAX_WORDS,
            min(len(text), MAX_CHARACTERS) / MAX_CHARACTERS,
            float(len(LATIN_WORD.findall(text, 0, MAX_READ)) >= LATIN_SENTENCE),
        )

    def _unknown(self, family: str, terms: Terms) -> NDArray[np.bool_]:
        """Which terms no wording holds, neither of the base nor of what changed since."""
        unknown = self.weights[family].unknown(terms)
        if self.delta is not None:
            unknown &= ~np.isin(terms, self.delta.families[family].terms)
        return unknown

    def entry(self, entry_id: UUID, now: datetime, audience: Sequence[str] = ()) -> Known | None:
        """An entry, if it answers now to these people."""
        for segment, alive in self._segments():
            allowed = segment.allowed(now, audience, alive)
            for known, may in zip(segment.entries, allowed, strict=True):
                if may and known.entry_id == entry_id:
                    return known
        return None

    def over(self, lives: Iterable[Live]) -> "Index":
        """Other texts in place of the entries, read and weighed as the entries are."""
        segment, _ = segments.build(lives, self.analyser, self.encoder, self.weights)
        return of_segment(segment, self.weights, self.analyser, self.encoder, (self.version, self.terms_version))

    def judge(self, tuning: Tuning) -> Judge:
        """The closer look that suits this index."""
        return tuning.judge(has_dense=self.encoder is not None)

    def view(self) -> IndexView:
        """How large it is."""
        entries = int(self.base_alive.sum()) + (len(self.delta.entries) if self.delta else 0)
        texts = int(self.base_alive[self.base.owner].sum()) + (len(self.delta.texts) if self.delta else 0)
        return IndexView(
            version=self.version,
            entries=entries,
            questions=texts,
            model=self.encoder.name if self.encoder else None,
        )

    def _segments(self) -> Iterable[tuple[Segment, NDArray[np.bool_]]]:
        if len(self.base.texts):
            yield self.base, self.base_alive
        if self.delta is not None and len(self.delta.texts):
            yield self.delta, np.ones(len(self.delta.entries), bool)


def build(
    lives: Iterable[Live], analyser: Analyser, encoder: Encoder | None, version: int, terms_version: int
) -> Index:
    """An index of all entries that answer."""
    segment, weights = segments.build(lives, analyser, encoder)
    return of_segment(segment, weights, analyser, encoder, (version, terms_version))


def of_segment(
    segment: Segment,
    weights: Mapping[str, Weights],
    analyser: Analyser,
    encoder: Encoder | None,
    versions: tuple[int, int],
) -> Index:
    """An index of one large segment, as of the versions of the database and of its words."""
    return Index(
        version=versions[0],
        terms_version=versions[1],
        analyser=analyser,
        encoder=encoder,
        weights=weights,
        base=segment,
        base_alive=np.ones(len(segment.entries), bool),
        changed={},
        delta=None,
    )


def _scores(features: Features, tuning: Tuning, method: Method, *, has_dense: bool) -> Floats:
    if method == "fused":
        return fuse(features.values, tuning, has_dense=has_dense)
    return features.values[method]


def _best_of_each(segment: Segment, features: Features, scores: Floats) -> NDArray[np.int64]:
    """Candidate rows, the best first, each entry once."""
    order = np.argsort(-scores, kind="stable")
    _, first = np.unique(segment.owner[features.texts[order]], return_index=True)
    return order[np.sort(first)]


def _closer(question: Question, candidates: Sequence[_Candidate]) -> Floats:
    """The closer look's features, a row for each candidate."""
    found = np.zeros((len(candidates), len(OF_ENTRY)), np.float32)
    for segment in {id(one.segment): one.segment for one in candidates}.values():
        rows = [row for row, one in enumerate(candidates) if one.segment is segment]
        places = [candidates[row].place for row in rows]
        found[rows] = segment.closer(question, candidates[rows[0]].features.sums, places)
    return found


def _hit(found: _Candidate, score: float) -> Hit:
    segment, values = found.segment, found.features.values
    entry = segment.entries[found.place]
    parts = {name: round(float(values[name][found.row]), DECIMALS) for name in WEIGHTS}
    return Hit(
        entry_id=entry.entry_id,
        key=entry.key,
        revision_id=entry.revision_id,
        revision=entry.revision,
        answer_class=entry.answer_class,
        audience=entry.audience,
        question=segment.question_of(found.place),
        matched=segment.texts[found.text],
        score=round(score, DECIMALS),
        same=found.same,
        likeness=round(found.likeness, DECIMALS),
        parts=Parts(**parts),
    )
