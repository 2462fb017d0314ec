"""Phones, their HMM and the numbers of its transitions.

CTC in Kaldi's terms: a unit's phone emits its own output in state 0 and the blank in state 1; the last phone of a word
leaves from state 0, so that blanks after it belong to silence and the end of speech is found.
"""

from dataclasses import dataclass

import numpy as np

from tools.speech_model.kaldi import Writer
from tools.speech_model.units import BLANK, UNITS

SILENCE = 1
POSITIONS = ("B", "I", "E", "S")
BOUNDARIES = {"B": "begin", "I": "internal", "E": "end", "S": "singleton"}


@dataclass(frozen=True)
class Arc:
    """One transition of a phone: numbers of the transition, the states it joins."""

    number: int
    phone: int
    source: int
    target: int

    @property
    def is_loop(self) -> bool:
        return self.source == self.target


def phone(unit: int, position: str) -> int:
    """The phone's number: silence is 1, then four positions of each unit."""
    return SILENCE + 1 + (unit - 1) * len(POSITIONS) + POSITIONS.index(position)


def phones() -> dict[int, str]:
    """Names of all phones."""
    named = {
        phone(unit, position): f"{name}_{position}" for unit, name in enumerate(UNITS, 1) for position in POSITIONS
    }
    return {SILENCE: "SIL", **named}


def unit_of(number: int) -> int:
    """The unit that a phone stands for; the blank for silence."""
    return BLANK if number == SILENCE else (number - SILENCE - 1) // len(POSITIONS) + 1


def _states(number: int) -> list[tuple[int, list[int]]]:
    """Per emitting state its output and where its transitions lead."""
    if number == SILENCE:
        return [(BLANK, [0, 1])]
    return [(unit_of(number), [0, 1, 2]), (BLANK, [1, 2])]


def arcs() -> dict[tuple[int, int, int], Arc]:
    """Every transition by (phone, source, target), numbered from 1 as Kaldi numbers them."""
    found: dict[tuple[int, int, int], Arc] = {}
    for number in sorted(phones()):
        for source, (_, targets) in enumerate(_states(number)):
            for target in targets:
                found[number, source, target] = Arc(len(found) + 1, number, source, target)
    return found


def write_transition_model(out: Writer) -> None:
    """Topology, triples and log probabilities: even, as CTC has none of its own."""
    numbers = sorted(phones())
    out.token("<TransitionModel>", "<Topology>").integers(numbers)
    out.integers([-1] + [0 if number == SILENCE else 1 for number in numbers])
    out.integer(2)
    for states in (_states(SILENCE), _states(SILENCE + 1)):
        out.integer(len(states) + 1)
        for source, (_, targets) in enumerate(states):
            out.integer(source).integer(len(targets))
            for target in targets:
                out.integer(target).real(1 / len(targets))
        out.integer(-1).integer(0)
    out.token("</Topology>")
    triples = [(number, state, output) for number in numbers for state, (output, _) in enumerate(_states(number))]
    out.token("<Triples>").integer(len(triples))
    for triple in triples:
        for value in triple:
            out.integer(value)
    out.token("</Triples>", "<LogProbs>")
    even = [np.log(1 / len(_states(arc.phone)[arc.source][1])) for arc in arcs().values()]
    out.vector(np.array([0.0, *even], dtype=np.float32))
    out.token("</LogProbs>", "</TransitionModel>")
