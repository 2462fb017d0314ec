"""Hearing words in telephone audio: the port that calls use, and what it gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

SoundKind = Literal["speech", "noise", "silence"]


class RecognitionUnavailable(Exception):
    """No recogniser can be had; `reason` is for staff and names no words of a patient.

    Args:
        code: A short name of the fault: `missing`, `damaged`, `library`, `rate`, `failed`.
        reason: A sentence in Chinese that says what to do.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class Word:
    """A word as heard, with its place in the utterance.

    Attributes:
        confidence: 0 to 1, the share of the likely readings that hold it.
    """

    text: str = field(repr=False)
    confidence: float
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True)
class Recognised:
    """What an utterance came to.

    Attributes:
        kind: Words, sound without words, or nothing.
        text: The words without spaces; empty unless `kind` is speech.
        confidence: Of the least sure word.
        accepted: Whether it is sure enough to be taken without asking again.
        foreign: Part of it lay outside the grammar.
        whole: The words are an answer, and nothing else sounded, before or behind them.
    """

    kind: SoundKind
    text: str = field(default="", repr=False)
    words: tuple[Word, ...] = field(default=(), repr=False)
    confidence: float = 0.0
    accepted: bool = False
    foreign: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Grammar:
    """What may be said to a question.

    Attributes:
        phrases: Whole answers, each written as words with spaces between or as one.
        accept_at: Confidence from which an answer is taken without asking again.
        family: What sort of answer, for figures: `yes_no`, `choice`, `number`, `date`, `open`.
        is_whole: Whether words make up an answer; what does not is never accepted. None: any phrase does, by itself.
        free: More may be said than its words: what is no whole answer is kept as sound, not as the nearest words.
        may_go_on: Whether more words could make another answer of a whole one. None: they always could.
    """

    phrases: tuple[str, ...] = field(repr=False)
    accept_at: float
    family: str = "choice"
    is_whole: Callable[[str], bool] | None = field(default=None, repr=False, compare=False)
    may_go_on: Callable[[str], bool] | None = field(default=None, repr=False, compare=False)
    free: bool = False

    def whole(self, text: str) -> bool:
        """Whether words without spaces make up an answer."""
        if self.is_whole is not None:
            return self.is_whole(text)
        return text in {phrase.replace(" ", "") for phrase in self.phrases}

    def goes_on(self, text: str) -> bool:
        """Whether a whole answer may go on to be another."""
        return self.may_go_on is None or self.may_go_on(text)


class Stream(Protocol):
    """One utterance being heard; not shared between threads at the same time."""

    def feed(self, pcm: bytes) -> str:
        """Takes int16 samples at 8 kHz, any number; the words so far, which may still change."""
        ...

    def finish(self) -> Recognised:
        """What was heard in all; the stream is over."""
        ...


class Recogniser(Protocol):
    """Opens streams over a model that all of them share."""

    def start(self, grammar: Grammar | None = None) -> Stream:
        """A new stream.

        Args:
            grammar: What may be said; None for free dictation.

        Raises:
            RecognitionUnavailable: The model is missing or the recogniser failed.
        """
        ...

    def covers(self, phrases: Sequence[str]) -> tuple[str, ...]:
        """Those phrases that the recogniser cannot hear, for the questionnaire's editor."""
        ...
