"""How well rules do on sentences that people have judged: sensitivity and over-escalation by family. Pure."""

import time
from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from assistant.safety.rules import check
from assistant.safety.ruleset import Ruleset
from assistant.safety.schemas import Facts, Frozen
from assistant.safety.suspecting import suspect

MICROSECONDS = 1_000_000


class Sentence(BaseModel):
    """A judged sentence: the families it must raise, or the one it nearly does (`near`) and why it must not."""

    model_config = ConfigDict(frozen=True)

    text: str
    expect: tuple[str, ...] = ()
    near: str | None = None
    why: str | None = None
    facts: Facts = Facts()
    split: Literal["dev", "held_out"]


class FamilyFigures(Frozen):
    """One family: signs that had to be found, near misses that had to be passed over, and of both those asked back."""

    family: str
    signs: int
    found: int
    asked: int
    near: int
    escalated: int
    near_asked: int


class Figures(Frozen):
    """Sensitivity counts each expected family of each sentence; over-escalation each near miss that raised anything."""

    families: tuple[FamilyFigures, ...]
    missed: tuple[str, ...]
    escalated: tuple[str, ...]
    median_us: float
    p95_us: float

    @property
    def sensitivity(self) -> float:
        signs = sum(one.signs for one in self.families)
        return sum(one.found for one in self.families) / signs if signs else 1.0

    @property
    def noticed(self) -> float:
        """Share of the signs that are found or asked back: the rest passes in silence."""
        signs = sum(one.signs for one in self.families)
        return sum(one.found + one.asked for one in self.families) / signs if signs else 1.0

    @property
    def near_asked(self) -> float:
        """Share of the near misses that are asked back."""
        near = sum(one.near for one in self.families)
        return sum(one.near_asked for one in self.families) / near if near else 0.0

    @property
    def over_escalation(self) -> float:
        near = sum(one.near for one in self.families)
        return sum(one.escalated for one in self.families) / near if near else 0.0


class _Tally:
    """Counts of one family while the sentences go by."""

    def __init__(self, family: str) -> None:
        self.family = family
        self.signs = self.found = self.asked = self.near = self.escalated = self.near_asked = 0

    def figures(self) -> FamilyFigures:
        return FamilyFigures(**vars(self))


def measure(sentences: Iterable[Sentence], rules: Ruleset) -> Figures:
    """Checks every sentence and counts."""
    tallies = {family.document.key: _Tally(family.document.key) for family in rules.families}
    missed: list[str] = []
    escalated: list[str] = []
    seconds: list[float] = []
    for one in sentences:
        started = time.perf_counter()
        raised = {flag.family for flag in check(one.text, one.facts, rules)}
        seconds.append(time.perf_counter() - started)
        asked = not raised and suspect(one.text, rules, one.facts) is not None
        for family in one.expect:
            tally = tallies[family]
            tally.signs += 1
            tally.found += family in raised
            tally.asked += asked
        if set(one.expect) - raised:
            missed.append(one.text)
        if not one.expect and one.near is not None:
            tallies[one.near].near += 1
            tallies[one.near].escalated += bool(raised)
            tallies[one.near].near_asked += asked
            if raised:
                escalated.append(one.text)
    return Figures(
        families=tuple(tally.figures() for tally in tallies.values()),
        missed=tuple(missed),
        escalated=tuple(escalated),
        median_us=_quantile(seconds, 0.5) * MICROSECONDS,
        p95_us=_quantile(seconds, 0.95) * MICROSECONDS,
    )


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0
