"""Finding the entry for a question: BM25 over characters and pairs, question against question."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.schemas import Entry

K1 = 1.2
B = 0.4
NOISE = re.compile(
    r"[\s，。！？、,.!?~]|请问|我想(?:问|知道)|问一下|一下|那个|这个|你们|我们|的|了|呢|啊|呀|吗|嘛|哦|吧|就是|医生|护士|还有|对了|嗯"
)


def grams(text: str) -> list[str]:
    """Characters and pairs, without fillers."""
    plain = NOISE.sub("", text.lower())
    return [*plain, *(plain[start : start + 2] for start in range(len(plain) - 1))]


@dataclass(frozen=True)
class Index:
    """Questions as counted terms, ready to be searched."""

    entries: tuple[Entry, ...]
    documents: tuple[tuple[int, Counter[str], int], ...]
    weights: dict[str, float]
    mean_length: float


def build(entries: Sequence[Entry]) -> Index:
    """Counts the questions of all entries."""
    counted = [
        (position, Counter(grams(question))) for position, entry in enumerate(entries) for question in entry.questions
    ]
    documents = tuple((position, terms, terms.total()) for position, terms in counted)
    frequency = Counter(term for _, terms, _ in documents for term in terms)
    total = len(documents)
    weights = {term: math.log(1 + (total - count + 0.5) / (count + 0.5)) for term, count in frequency.items()}
    mean = sum(length for _, _, length in documents) / max(1, total)
    return Index(tuple(entries), documents, weights, mean)


def best(index: Index, question: str) -> tuple[Entry, float] | None:
    """The entry nearest to a question with a score of 0..1: its BM25 over what a perfect match would reach."""
    terms = set(grams(question))
    if not terms:
        return None
    rarest = max(index.weights.values(), default=1.0)
    ideal = sum(index.weights.get(term, rarest) for term in terms)
    scored = ((_score(index, terms, counts, length), position) for position, counts, length in index.documents)
    top, position = max(scored, default=(0.0, -1))
    return None if position < 0 or ideal <= 0 else (index.entries[position], round(min(1.0, top / ideal), 3))


def _score(index: Index, terms: set[str], counts: Counter[str], length: int) -> float:
    norm = K1 * (1 - B + B * length / index.mean_length)
    return sum(
        index.weights[term] * counts[term] * (K1 + 1) / (counts[term] + norm) for term in terms if term in counts
    )
