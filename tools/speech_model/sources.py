"""Which speech the model learns from, and in which shares."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.speech_model import recordings, takes, vocabulary, voices
from tools.speech_model.augment import noise_mels
from tools.speech_model.cases import DIGITS, NUMBERS, YES_NO_GRAMMAR
from tools.speech_model.features import Floats
from tools.speech_model.mixing import Mixer, Source
from tools.speech_model.recordings import TEST, VALIDATION, Corpus

CORE = frozenset((*YES_NO_GRAMMAR, *DIGITS, *NUMBERS, *vocabulary.GLOBAL))
CORE_SHARE = 0.3
PRODUCT_SHARE = 0.35
RARE = frozenset("二儿耳而")
"""A sound that few words have, and that every other number needs."""
BABBLERS = 400
USUAL_STEPS = (70.0, 100.0)
SLOW_SYLLABLES = (85.0, 150.0)


@dataclass(frozen=True)
class Mixture:
    """What to learn from.

    Attributes:
        cache: Folder for decoded, synthesised and rendered speech.
        voices: Number of synthetic utterances.
        without: Speakers left out, besides those kept for validation and test.
        limit: Take only so many recordings; for tests.
    """

    cache: Path
    voices: int
    without: tuple[str, ...] = ()
    limit: int | None = None

    def prepare(self) -> None:
        """Decodes, synthesises and renders what is not in the cache yet."""
        self.sources()

    def mixer(self, seed: int) -> Mixer:
        """Makes examples; called in the process that needs them."""
        people = recordings.load(self.cache, limit=self.limit)
        said = people.of(tuple(self._learnt(people)))
        babblers = [people.pcm(one) for one in said[:: max(1, len(said) // BABBLERS)]]
        noises: list[Floats] = noise_mels(babblers, 5)
        return Mixer(self.sources(), noises, seed)

    def sources(self) -> list[Source]:
        """People and voices, each recording in several takes."""
        people = recordings.load(self.cache, limit=self.limit)
        spoken = voices.load(self.cache, self.voices, 1, _listed(people))
        learnt = self._learnt(people)
        students = tuple(name for name in learnt if name.startswith("d"))
        listed = people.of(("a",)) if "a" in learnt else []
        wanted = set(vocabulary.product_words())
        needed = [one for one in listed if one.text in wanted or RARE.intersection(one.text)]
        groups = [
            ("a", people, listed, 3, USUAL_STEPS, 0.26, 0.3),
            ("needed", people, needed, 12, USUAL_STEPS, 0.16, 0.35),
            ("b", people, people.of(("b",)) if "b" in learnt else [], 3, SLOW_SYLLABLES, 0.12, 0.5),
            ("students", people, people.of(students), 12, USUAL_STEPS, 0.20, 0.2),
            ("voices", spoken, list(spoken.utterances), 1, USUAL_STEPS, 0.30, 0.05),
        ]
        return [
            _source(takes.load(self.cache, name, corpus, said, copies=copies, steps=steps), share, joined)
            for name, corpus, said, copies, steps, share, joined in groups
            if said
        ]

    def _learnt(self, people: Corpus) -> list[str]:
        kept_out = {*VALIDATION, *TEST, *self.without}
        return sorted({one.speaker for one in people.utterances} - kept_out)


def _listed(people: Corpus) -> tuple[str, ...]:
    return vocabulary.listed_words([utterance.text for utterance in people.of(("a",))])


def _source(group: takes.Takes, share: float, joined: float) -> Source:
    wanted = set(vocabulary.product_words())
    core = _numbers(group, lambda text: text in CORE)
    ours = _numbers(group, lambda text: text in wanted)
    everything = tuple(range(len(group.takes)))
    pools = [(CORE_SHARE, core), (PRODUCT_SHARE, ours), (1 - CORE_SHARE - PRODUCT_SHARE, everything)]
    return Source(group, tuple((weight, pool) for weight, pool in pools if pool), share, joined)


def _numbers(group: takes.Takes, wanted: Callable[[str], bool]) -> tuple[int, ...]:
    return tuple(number for number, take in enumerate(group.takes) if wanted(take.text))
