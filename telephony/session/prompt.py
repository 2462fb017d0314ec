"""One prompt as frames, and where its pieces begin, so that it can go on where it was broken off."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from telephony.audio.pcm import FRAME_SECONDS, Pcm16, frames

PAUSE_SAMPLES = 1600
SLOW_PAUSES = 3


@dataclass(frozen=True)
class Prompt:
    """What the bot says in one go.

    Attributes:
        frames: 20 ms each.
        starts: Numbers of the frames that pieces begin with.
    """

    frames: tuple[bytes, ...] = field(default=(), repr=False)
    starts: tuple[int, ...] = ()

    def rest(self, unheard_seconds: float) -> "Prompt":
        """From the beginning of the piece that was being said when so much was still to come."""
        heard = len(self.frames) - round(unheard_seconds / FRAME_SECONDS)
        begun = bisect_right(self.starts, max(heard, 0)) - 1
        first = self.starts[begun] if begun >= 0 else 0
        return Prompt(self.frames[first:], tuple(start - first for start in self.starts if start >= first))

    def then(self, rest: "Prompt", *, slow: bool) -> "Prompt":
        """With more pieces behind it, after a pause."""
        pause = tuple(frames(_pause(slow=slow)))
        begins = len(self.frames) + len(pause)
        return Prompt(self.frames + pause + rest.frames, self.starts + tuple(begins + start for start in rest.starts))


def joined(pieces: Sequence[Pcm16], *, slow: bool) -> Prompt:
    """Pieces with pauses between."""
    pause = _pause(slow=slow)
    made: list[bytes] = []
    starts: list[int] = []
    for number, piece in enumerate(pieces):
        starts.append(len(made))
        made += frames(np.concatenate([piece, pause]) if number < len(pieces) - 1 else piece)
    return Prompt(tuple(made), tuple(starts))


def _pause(*, slow: bool) -> Pcm16:
    return np.zeros(PAUSE_SAMPLES * (SLOW_PAUSES if slow else 1), dtype=np.int16)
