"""Personas: patients as data. The format is described in README.md beside this file."""

import hashlib
import random
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from core_api.kit.yaml_text import load_yaml

BOOK = "_answer_book.yaml"


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Patterns = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
Sayings = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LineRule(Strict):
    """How the number behaves before and at answering."""

    result: Literal["answer", "busy", "no-answer", "failed", "voicemail"] = "answer"
    ring_seconds: float = 4.0
    sip_code: str | None = None
    answered_by: str = "human"
    greeting: str = ""


class Manner(Strict):
    """How the person speaks."""

    think_seconds: tuple[float, float] = (0.5, 1.2)
    confidence: tuple[float, float] = (0.86, 0.98)
    words_per_minute: int = 170
    pitch: int = 65
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class Rule(Strict):
    """What is done when a prompt has been heard; the first rule that fits counts.

    Attributes:
        at: Patterns of the mark's place (`identity`, `item:temperature/*`, `*`).
        times: It fits only the first so many times that it would.
        say: Words; one of them, in turn at repeats.
        keys: Keys pressed.
        do: `hang_up` after it, `nothing` (say nothing), or `interrupt` (speak before the prompt is over).
    """

    at: Patterns
    times: int | None = None
    say: Sayings = ()
    keys: str | None = None
    do: Literal["answer", "hang_up", "nothing", "interrupt"] = "answer"
    confidence: float | None = None
    wait_seconds: float | None = None
    plain: bool = False


class Persona(Strict):
    """One kind of patient."""

    key: str
    title: str
    weight: float = 1.0
    calls_in: bool = False
    """Calls us, and so answers no call of ours."""
    line: LineRule = LineRule()
    manner: Manner = Manner()
    uses_keys: bool = False
    hangs_up_after_prompts: int | None = None
    backchannels: Sayings = ()
    """Said into prompts longer than a breath, without waiting for their end."""
    rules: tuple[Rule, ...] = ()


class Usual(Strict):
    """A healthy patient's answer to a question: words, and the keys for the same."""

    at: Patterns
    say: Sayings
    keys: str | None = None


class Reaction(BaseModel):
    """What a persona does now."""

    model_config = ConfigDict(frozen=True)

    words: str = Field(default="", repr=False)
    keys: str = ""
    hang_up: bool = False
    wait_seconds: float = 0.8
    confidence: float = 0.95


class Library:
    """All personas and the answers that a patient gives unless the persona says otherwise."""

    def __init__(self, personas: Sequence[Persona], usual: Sequence[Usual]) -> None:
        self.personas: Mapping[str, Persona] = {persona.key: persona for persona in personas}
        self.usual = tuple(usual)

    @classmethod
    def load(cls, folder: Path) -> "Library":
        """Reads a folder of YAML files.

        Raises:
            pydantic.ValidationError: A file does not follow the format.
        """
        files = sorted(path for path in folder.glob("*.yaml") if path.name != BOOK)
        personas = [Persona.model_validate(load_yaml(path.read_text("utf-8"))) for path in files]
        book = load_yaml((folder / BOOK).read_text("utf-8"))
        return cls(personas, [Usual.model_validate(entry) for entry in book["answers"]])

    def choose(self, number: str, seed: int) -> Persona:
        """Draws by weight; the same number and seed draw the same."""
        digest = hashlib.sha256(f"{seed}|{number}".encode()).digest()
        keys = sorted(key for key, persona in self.personas.items() if not persona.calls_in)
        weights = [self.personas[key].weight for key in keys]
        chosen = random.Random(digest).choices(keys, weights)[0]
        return self.personas[chosen]


class Patient:
    """One persona in one call: remembers which rules were used up.

    Args:
        persona: Who.
        library: The usual answers.
        seed: Of this call.
        facts: What stands for names in braces in words and keys: a caller's own day of birth.
    """

    def __init__(self, persona: Persona, library: Library, seed: str, facts: Mapping[str, str] | None = None) -> None:
        self.persona = persona
        self._facts = facts or {}
        self._library = library
        self._random = random.Random(seed)
        self._used: dict[int, int] = {}
        self._prompts = 0

    def hear(self, mark: str) -> Reaction | None:
        """What the patient does when the prompt of a mark is over; None for nothing."""
        place = mark.rsplit("#", 1)[0]
        self._prompts += 1
        limit = self.persona.hangs_up_after_prompts
        if limit is not None and self._prompts > limit:
            return Reaction(hang_up=True, wait_seconds=self._think())
        rule = self._rule(place)
        if rule is not None:
            return self._by_rule(rule, place)
        return self._usual(place)

    def interrupts(self, place: str) -> bool:
        """Whether the patient speaks before this prompt is over."""
        return any(
            rule.do == "interrupt" and _fits(rule.at, place) and self._left(index, rule)
            for index, rule in enumerate(self.persona.rules)
        )

    def _rule(self, place: str) -> tuple[int, Rule] | None:
        for index, rule in enumerate(self.persona.rules):
            if _fits(rule.at, place) and self._left(index, rule):
                return index, rule
        return None

    def _left(self, index: int, rule: Rule) -> bool:
        return rule.times is None or self._used.get(index, 0) < rule.times

    def _by_rule(self, found: tuple[int, Rule], place: str) -> Reaction | None:
        index, rule = found
        used = self._used[index] = self._used.get(index, 0) + 1
        if rule.do == "nothing":
            return None
        wait = rule.wait_seconds if rule.wait_seconds is not None else self._think()
        if not rule.say and rule.keys is None and rule.do != "hang_up":
            return self._usual(place)
        words = self._known(rule.say[(used - 1) % len(rule.say)]) if rule.say else ""
        return Reaction(
            words=words if rule.plain or not words else self._mannered(words),
            keys=self._known(rule.keys or ""),
            hang_up=rule.do == "hang_up",
            wait_seconds=wait,
            confidence=rule.confidence if rule.confidence is not None else self._confidence(),
        )

    def _known(self, text: str) -> str:
        for name, value in self._facts.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def _usual(self, place: str) -> Reaction | None:
        entry = next((entry for entry in self._library.usual if _fits(entry.at, place)), None)
        if entry is None or not any(entry.say):
            return None
        if self.persona.uses_keys and entry.keys:
            return Reaction(keys=entry.keys, wait_seconds=self._think())
        words = self._mannered(self._random.choice(entry.say))
        return Reaction(words=words, wait_seconds=self._think(), confidence=self._confidence())

    def _mannered(self, words: str) -> str:
        manner = self.persona.manner
        before = self._random.choice(manner.before) if manner.before else ""
        after = self._random.choice(manner.after) if manner.after else ""
        return f"{before}{words}{after}"

    def _think(self) -> float:
        return self._random.uniform(*self.persona.manner.think_seconds)

    def _confidence(self) -> float:
        return round(self._random.uniform(*self.persona.manner.confidence), 2)


def _fits(patterns: Sequence[str], place: str) -> bool:
    return any(fnmatchcase(place, pattern) for pattern in patterns)
