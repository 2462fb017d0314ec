"""Cuts a patient's side into utterances, frame by frame; time is counted in frames, so tests need no clock."""

from collections import deque
from dataclasses import dataclass
from typing import Literal

from telephony.audio.pcm import FRAME_SECONDS

BEGIN_FRAMES = 3  # of the last BEGIN_WINDOW: a click is no beginning
BEGIN_WINDOW = 5
PRE_ROLL_FRAMES = 16
INTERRUPTION_SECONDS = 0.5  # shorter sounds are no interruption
PAUSE_SECONDS = 0.14
"""So long a silence is looked at: is it the end? Silero notices an end about 0.1 s late: add it to all pauses here."""
GOES_ON_SECONDS = 1.2
"""Who speaks again so soon after the end was not through yet: people take longer to answer the next question."""
CutKind = Literal["began", "sound", "pauses", "goes_on", "interrupts", "over"]
SoFar = Literal["nothing", "open", "closed"]
"""What the words so far are: no answer, one that may go on to be another, or one that cannot."""


@dataclass(frozen=True)
class Patience:
    """How long a pause ends what is said; call seconds.

    Attributes:
        pause_seconds: Ends an utterance.
        open_seconds: Ends it where the words so far are a whole answer that may go on.
        closed_seconds: Ends it where they are one that cannot go on to be another.
        longest_seconds: Ends it in any case.
    """

    pause_seconds: float = 0.8
    open_seconds: float = 0.5
    closed_seconds: float = 0.2
    longest_seconds: float = 12.0

    def longer(self, factor: float) -> "Patience":
        """For those who speak more slowly."""
        return Patience(
            self.pause_seconds * factor,
            self.open_seconds * factor,
            self.closed_seconds * factor,
            self.longest_seconds * factor,
        )

    def enough_seconds(self, so_far: SoFar) -> float:
        """The pause that ends what is so far."""
        return {"nothing": self.pause_seconds, "open": self.open_seconds, "closed": self.closed_seconds}[so_far]


PATIENCE = {
    "yes_no": Patience(0.6, 0.4, 0.2, 8.0),
    "choice": Patience(0.8, 0.5, 0.2, 12.0),
    "number": Patience(1.0, 0.5, 0.2, 12.0),
    "date": Patience(1.1, 0.6, 0.24, 15.0),
    "open": Patience(1.6, 0.8, 0.8, 45.0),
}


@dataclass(frozen=True)
class Cut:
    """What a frame did.

    Attributes:
        kind: `began` with the frames before it, `sound` while it lasts, `pauses` at PAUSE_SECONDS of silence, `goes_on`
            with the first sound after that, `interrupts` once it is meant, `over`.
        pcm: The samples to hear.
        quiet_seconds: How long the pause was that ended it.
        continues: It began so soon that it belongs to the utterance before.
    """

    kind: CutKind
    pcm: bytes = b""
    quiet_seconds: float = 0.0
    continues: bool = False


class UtteranceCutter:
    """Finds where an utterance begins and ends."""

    def __init__(self) -> None:
        self.patience = Patience()
        self.so_far: SoFar = "nothing"
        """Set from outside, by what was heard up to the pause."""
        self.speaking = False
        self.voiced_seconds = 0.0
        self._before: deque[bytes] = deque(maxlen=PRE_ROLL_FRAMES)
        self._recent: deque[bool] = deque(maxlen=BEGIN_WINDOW)
        self._quiet_seconds = 0.0
        self._seconds = 0.0
        self._since_last_sound = GOES_ON_SECONDS

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
            cuts += self._voiced()
        else:
            before = self._quiet_seconds
            self._quiet_seconds += FRAME_SECONDS
            if _passes(PAUSE_SECONDS, before, self._quiet_seconds):
                cuts.append(Cut("pauses"))
        if self._is_over():
            cuts.append(Cut("over", quiet_seconds=self._quiet_seconds))
            quiet = self._quiet_seconds
            self.drop()
            self._since_last_sound = quiet
        return cuts

    def drop(self) -> None:
        """Forgets the utterance under way, and that one was shortly before."""
        self.speaking = False
        self.so_far = "nothing"
        self.voiced_seconds = self._quiet_seconds = self._seconds = 0.0
        self._since_last_sound = GOES_ON_SECONDS
        self._recent.clear()
        self._before.clear()

    def _voiced(self) -> list[Cut]:
        cuts = []
        if self._quiet_seconds > PAUSE_SECONDS - FRAME_SECONDS / 2:
            self.so_far = "nothing"
            cuts.append(Cut("goes_on"))
        before = self.voiced_seconds
        self.voiced_seconds += FRAME_SECONDS
        self._quiet_seconds = 0.0
        if _passes(INTERRUPTION_SECONDS, before, self.voiced_seconds):
            cuts.append(Cut("interrupts"))
        return cuts

    def _is_over(self) -> bool:
        enough = self.patience.enough_seconds(self.so_far)
        return self._quiet_seconds >= enough - FRAME_SECONDS / 2 or self._seconds >= self.patience.longest_seconds

    def _wait(self, pcm: bytes, *, voiced: bool) -> list[Cut]:
        self._before.append(pcm)
        self._recent.append(voiced)
        self._since_last_sound += FRAME_SECONDS
        if sum(self._recent) < BEGIN_FRAMES:
            return []
        self.speaking = True
        self.voiced_seconds = sum(self._recent) * FRAME_SECONDS
        return [Cut("began", b"".join(self._before), continues=self._since_last_sound < GOES_ON_SECONDS)]


def _passes(limit: float, before: float, now: float) -> bool:
    """Whether a count of frames comes to a limit."""
    return before < limit - FRAME_SECONDS / 2 <= now
