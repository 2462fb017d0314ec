"""An index: a large segment built now and then, a small one of what changed since; immutable, so swapped whole."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from knowledge.entries.schemas import Live
from knowledge.search import segment as segments
from knowledge.search.dense import Encoder, EncoderUnavailable
from knowledge.search.lexical import Floats, Weights
from knowledge.search.rules import WEIGHTS, Method, fuse
from knowledge.search.schemas import Hit, IndexView, Parts, Tuning
from knowledge.search.segment import Features, Known, Question, Segment
from knowledge.search.text import FAMILIES, Analyser

DECIMALS = 4


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
        delta, _ = segments.build(changed.values(), self.analyser, self.encoder, self.weights)
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
        return Question(terms, {name: self.weights[name].of(terms[name]) for name in FAMILIES}, vector)

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
        means = {name: self.weights[name].mean_length for name in FAMILIES}
        best: dict[UUID, Hit] = {}
        for segment, alive in self._segments():
            features = segment.features(question, means, segment.allowed(now, audience, alive))
            scores = _scores(features, tuning, method, has_dense=question.vector is not None)
            for place in _best_of_each(segment, features, scores)[:limit]:
                hit = _hit(segment, features, scores, int(place))
                best[hit.entry_id] = hit
        return sorted(best.values(), key=lambda hit: -hit.score)[:limit]

    def features(self, text: str, now: datetime) -> Features:
        """A question's candidates in the large segment, with their features; for choosing weights."""
        means = {name: self.weights[name].mean_length for name in FAMILIES}
        return self.base.features(self.read(text), means, self.base.allowed(now, (), self.base_alive))

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


def _hit(segment: Segment, features: Features, scores: Floats, row: int) -> Hit:
    text = int(features.texts[row])
    place = int(segment.owner[text])
    entry = segment.entries[place]
    parts = {name: round(float(features.values[name][row]), DECIMALS) for name in WEIGHTS}
    return Hit(
        entry_id=entry.entry_id,
        key=entry.key,
        revision_id=entry.revision_id,
        revision=entry.revision,
        answer_class=entry.answer_class,
        audience=entry.audience,
        question=segment.question_of(place),
        matched=segment.texts[text],
        score=round(float(scores[row]), DECIMALS),
        parts=Parts(**parts),
    )
