"""Makes the detector from judged sentences and everyday questions that hold no sign. Numpy only, deterministic."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.safety.detector import Detector, Hashes, Numbers, features

EPOCHS = 10
RATE = 0.5
DECAY = 1e-4
FOLDS = 3
MIN_SEEN = 2
LEAST_WEIGHT = 0.02
FIRST_BIAS = -2.0

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Judged:
    """A comparable text and the families that it states; none for near misses and everyday questions."""

    text: str
    families: tuple[str, ...] = ()


def learn(
    sentences: Sequence[Judged],
    everyday: Sequence[str],
    families: Sequence[str],
    ask_share: float,
    report: Callable[[str], None] = print,
) -> Detector:
    """Learns from all; `ask_at` is what `ask_share` of the everyday questions reach in cross-validation.

    Args:
        sentences: Judged ones, near misses among them.
        everyday: What patients ask on any day.
        families: What can be suspected.
        ask_share: Share of everyday questions that may be asked back.
        report: Takes a line of progress.
    """
    ordinary = [Judged(text) for text in everyday]
    rng = np.random.default_rng(1)
    fold_of = rng.integers(FOLDS, size=len(ordinary))
    mine = rng.integers(FOLDS, size=len(sentences))
    scores: list[float] = []
    said: list[tuple[Judged, float]] = []
    for fold in range(FOLDS):
        kept = [one for one, at in zip(sentences, mine, strict=True) if at != fold]
        kept += [one for one, at in zip(ordinary, fold_of, strict=True) if at != fold]
        model = _fit(kept, families)
        scores += [_top(model, one) for one, at in zip(ordinary, fold_of, strict=True) if at == fold]
        said += [(one, _top(model, one)) for one, at in zip(sentences, mine, strict=True) if at == fold]
    ask_at = float(np.quantile(np.array(scores), 1 - ask_share))
    report(_told(said, ask_at, len(ordinary), ask_share))
    whole = _fit([*sentences, *ordinary], families)
    return Detector(whole.families, whole.hashes, whole.weights, whole.bias, ask_at)


def _told(said: Sequence[tuple[Judged, float]], ask_at: float, ordinary: int, ask_share: float) -> str:
    signs = [score >= ask_at for one, score in said if one.families]
    near = [score >= ask_at for one, score in said if not one.families]
    return (
        f"cross-validation: {sum(signs)} of {len(signs)} signs suspected, {sum(near)} of {len(near)} near misses,"
        f" {ask_share:.1%} of {ordinary} everyday sentences"
    )


def _top(model: Detector, one: Judged) -> float:
    return float(model.scores(one.text).max()) if one.text else -99.0


def _fit(examples: Sequence[Judged], families: Sequence[str]) -> Detector:
    """Logistic regression of each family by itself, with steps that shrink per feature."""
    hashed = [np.concatenate([found for _, found in features(one.text)]) for one in examples if one.text]
    wanted = _wanted([one for one in examples if one.text], families)
    vocabulary, places = _vocabulary(hashed)
    weights = np.zeros((len(vocabulary), len(families)), dtype=np.float32)
    squares = np.full_like(weights, 1e-2)
    bias = np.full(len(families), FIRST_BIAS, dtype=np.float32)
    rng = np.random.default_rng(1)
    for _ in range(EPOCHS):
        for number in rng.permutation(len(places)):
            known, length = places[number], len(hashed[number])
            scale = np.float32(1 / np.sqrt(length))
            off = 1 / (1 + np.exp(-(weights[known].sum(axis=0) * scale + bias))) - wanted[number]
            step = (off * scale)[None, :] + DECAY * weights[known]
            squares[known] += step * step
            weights[known] -= RATE * step / np.sqrt(squares[known])
            bias -= 0.01 * off
    counts = np.abs(weights).max(axis=1) >= LEAST_WEIGHT
    return Detector(tuple(families), vocabulary[counts], weights[counts], bias, 0.0)


def _vocabulary(hashed: Sequence[Hashes]) -> tuple[Hashes, list[Places]]:
    """The features that more than one example has, and each example's places among them."""
    found, seen = np.unique(np.concatenate([np.unique(one) for one in hashed]), return_counts=True)
    vocabulary = found[seen >= MIN_SEEN]
    places = []
    for one in hashed:
        at = np.minimum(np.searchsorted(vocabulary, one), len(vocabulary) - 1)
        places.append(np.unique(at[vocabulary[at] == one]))
    return vocabulary, places


def _wanted(examples: Sequence[Judged], families: Sequence[str]) -> Numbers:
    columns = {family: number for number, family in enumerate(families)}
    wanted = np.zeros((len(examples), len(families)), dtype=np.float32)
    for number, one in enumerate(examples):
        for family in one.families:
            wanted[number, columns[family]] = 1
    return wanted
