"""Takes: every recording several times, each as another speaker on another line; kept as mel energies."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.speech_model.augment import Renderer
from tools.speech_model.features import Floats
from tools.speech_model.recordings import Corpus, Utterance


@dataclass(frozen=True)
class Take:
    """Where a take lies, who speaks and what."""

    start: int
    frames: int
    speaker: str
    text: str
    units: tuple[int, ...]


@dataclass(frozen=True)
class Takes:
    """Energies of all takes, shape (frames, 40)."""

    energies: NDArray[np.float16]
    takes: tuple[Take, ...]

    def mels(self, take: Take) -> Floats:
        """A take's log mel energies."""
        return self.energies[take.start : take.start + take.frames].astype(np.float32)


def load(
    cache: Path,
    name: str,
    corpus: Corpus,
    said: Sequence[Utterance],
    *,
    copies: int,
    steps: tuple[float, float],
) -> Takes:
    """Renders once and keeps the energies.

    Args:
        cache: Folder of the kept energies.
        name: Of the group, in the file's name.
        corpus: Holds the samples.
        said: Utterances of the group.
        copies: Takes of each.
        steps: Range of the frame step.
    """
    path = cache / f"takes-{name}-{len(said)}-{copies}.npy"
    lengths_path = path.with_suffix(".lengths.npy")
    if not lengths_path.exists():
        renderer = Renderer(len(said))
        parts = [renderer.take(corpus.pcm(one), steps).astype(np.float16) for _ in range(copies) for one in said]
        np.save(path, np.concatenate(parts))
        np.save(lengths_path, np.array([len(part) for part in parts], dtype=np.int64))
    lengths = np.load(lengths_path)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    whole = [one for _ in range(copies) for one in said]
    takes = [
        Take(int(start), int(length), one.speaker, one.text, one.units)
        for start, length, one in zip(starts, lengths, whole, strict=True)
        if length > 1
    ]
    return Takes(np.load(path, mmap_mode="r"), tuple(takes))
