"""Cuts a patient's side into utterances, frame by frame; time is counted in frames, so tests need no clock."""

from collections import deque
from dataclasses import dataclass
from typing import Literal

from telephony.audio.pcm import FRAME_SECONDS

BEGIN_FRAMES = 3  # of the last BEGIN_WINDOW: a click is no beginning
BEGIN_WINDOW = 5
PRE_ROLL_FRAMES = 16
INTERRUPTION_SECONDS = 0.5  # shorter sounds are no interruption
CutKind = Literal["began", "sound", "interrupts", "over"]


@dataclass(frozen=True)
class Patience:
    """How long a pause ends what is said; call seconds.

    Attributes:
        pause_seconds: Ends an utterance.
        whole_seconds: Ends it where the words so far are a whole answer.
        longest_seconds: Ends it in any case.
    """

    pause_seconds: float = 0.8
    whole_seconds: float = 0.5
    longest_seconds: float = 12.0

    def longer(self, factor: float) -> "Patience":
        """For those who speak more slowly."""
        return Patience(self.pause_seconds * factor, self.whole_seconds * factor, self.longest_seconds * factor)


PATIENCE = {
    "yes_no": Patience(0.6, 0.3, 8.0),
    "choice": Patience(0.8, 0.4, 12.0),
    "number": Patience(1.0, 0.8, 12.0),
    "date": Patience(1.1, 0.8, 15.0),
    "open": Patience(1.6, 1.6, 45.0),
}


@dataclass(frozen=True)
class Cut:
    """What a frame did.

    Attributes:
        kind: `began` with the frames before it, `sound` while it lasts, `interrupts` once it is meant, `over`.
        pcm: The samples to hear.
        quiet_seconds: How long the pause was that ended it.
    """

    kind: CutKind
    pcm: bytes = b""
    quiet_seconds: float = 0.0


class UtteranceCutter:
    """Finds where an utterance begins and ends."""

    def __init__(self) -> None:
        self.patience = Patience()
        self.whole = False
        """Whether the words so far are a whole answer; set from outside."""
        self.speaking = False
        self.voiced_seconds = 0.0
        self._before: deque[bytes] = deque(maxlen=PRE_ROLL_FRAMES)
        self._recent: deque[bool] = deque(maxlen=BEGIN_WINDOW)
        self._quiet_seconds = 0.0
        self._seconds = 0.0

    def take(self, pcm: bytes, *, voiced: bool) -> list[Cut]:
        """Takes 20 ms.

        Args:
            pcm: int16 samples.
            voiced: Whether there is speech in them.
        """
        if not self.speaking:
            return self._wait(pcm, voiced=voiced)
        cuts = [Cut("sound", pcm)]
        self._seconds += FRAME_SECONDS
        if voiced:
            before = self.voiced_seconds
            self.voiced_seconds += FRAME_SECONDS
            self._quiet_seconds = 0.0
            if before < INTERRUPTION_SECONDS <= self.voiced_seconds:
                cuts.append(Cut("interrupts"))
        else:
            self._quiet_seconds += FRAME_SECONDS
        enough = self.patience.whole_seconds if self.whole else self.patience.pause_seconds
        if self._quiet_seconds >= enough or self._seconds >= self.patience.longest_seconds:
            cuts.append(Cut("over", quiet_seconds=self._quiet_seconds))
            self.drop()
        return cuts

    def drop(self) -> None:
        """Forgets the utterance under way."""
        self.speaking = self.whole = False
        self.voiced_seconds = self._quiet_seconds = self._seconds = 0.0
        self._recent.clear()
        self._before.clear()

    def _wait(self, pcm: bytes, *, voiced: bool) -> list[Cut]:
        self._before.append(pcm)
        self._recent.append(voiced)
        if sum(self._recent) < BEGIN_FRAMES:
            return []
        self.speaking = True
        self.voiced_seconds = sum(self._recent) * FRAME_SECONDS
        return [Cut("began", b"".join(self._before))]
