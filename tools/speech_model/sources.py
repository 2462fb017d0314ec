"""Which speech the model learns from, and in which shares."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tools.speech_model import recordings, vocabulary, voices
from tools.speech_model.augment import Source
from tools.speech_model.recordings import TEST, VALIDATION, Corpus, Utterance

PRODUCT_SHARE = 0.35


@dataclass(frozen=True)
class Mixture:
    """What to learn from.

    Attributes:
        cache: Folder for decoded and synthesised speech.
        voices: Number of synthetic utterances.
        without: Speakers left out, besides those kept for validation and test.
        limit: Take only so many recordings; for tests.
    """

    cache: Path
    voices: int
    without: tuple[str, ...] = ()
    limit: int | None = None

    def prepare(self) -> None:
        """Decodes and synthesises what is not in the cache yet."""
        people = recordings.load(self.cache, limit=self.limit)
        voices.load(self.cache, self.voices, 1, _listed(people))

    def __call__(self) -> list[Source]:
        """The sources; called in the process that makes the examples."""
        people = recordings.load(self.cache, limit=self.limit)
        spoken = voices.load(self.cache, self.voices, 1, _listed(people))
        kept_out = {*VALIDATION, *TEST, *self.without}
        students = tuple(sorted({one.speaker for one in people.utterances if one.speaker.startswith("d")} - kept_out))
        candidates = [
            _source(people, people.of(("a",)), 0.36, 0.2) if "a" not in self.without else None,
            _source(people, people.of(("b",)), 0.10, 0.5, (85.0, 150.0)) if "b" not in self.without else None,
            _source(people, people.of(students), 0.14, 0.2),
            _source(spoken, list(spoken.utterances), 0.40, 0.05),
        ]
        return [source for source in candidates if source is not None]


def _listed(people: Corpus) -> tuple[str, ...]:
    return vocabulary.listed_words([utterance.text for utterance in people.of(("a",))])


def _source(
    corpus: Corpus, pool: Sequence[Utterance], share: float, joined: float, steps: tuple[float, float] = (70.0, 100.0)
) -> Source | None:
    if not pool:
        return None
    wanted = set(vocabulary.product_words())
    ours = [utterance for utterance in pool if utterance.text in wanted]
    by_speaker: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in pool:
        by_speaker[utterance.speaker].append(utterance)

    def pick(rng: np.random.Generator) -> Utterance:
        choice = ours if ours and rng.random() < PRODUCT_SHARE else pool
        return choice[int(rng.integers(len(choice)))]

    def partner(rng: np.random.Generator, first: Utterance) -> Utterance:
        same = by_speaker[first.speaker]
        return same[rng.integers(len(same))]

    return Source(corpus, pick, partner, share, joined, steps)
