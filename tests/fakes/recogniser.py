"""The `Recogniser` port that hears what it is told to."""

from collections.abc import Sequence

from telephony.speech.recognition import Grammar, Recognised, Word


class FakeRecogniser:
    """Hears the same words in everything.

    Args:
        words: What it hears.
        confidence: How sure it is of each.
    """

    def __init__(self, words: Sequence[str], confidence: float) -> None:
        self._words = tuple(Word(text, confidence, place, place + 0.5) for place, text in enumerate(words))
        self._confidence = confidence
        self.taken = 0

    def start(self, grammar: Grammar | None = None) -> "FakeRecogniser":
        return self

    def covers(self, phrases: Sequence[str]) -> tuple[str, ...]:
        return ()

    def feed(self, pcm: bytes) -> str:
        self.taken += len(pcm)
        return ""

    def finish(self) -> Recognised:
        if not self._words:
            return Recognised("noise")
        text = "".join(word.text for word in self._words)
        return Recognised("speech", text, self._words, self._confidence)
