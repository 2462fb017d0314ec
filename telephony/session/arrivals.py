"""Whether the patient's sound arrives in time."""

import time

from telephony.session.tempo import Tempo

LATE_SECONDS = 0.06
"""Real seconds after the frame before; a telephone's own buffer bridges less."""


class Arrivals:
    """Counts gaps between frames of the patient's side; a gap may be the network's or our own.

    Attributes:
        late: Frames that came too late.
        longest_ms: The longest gap, in real milliseconds beyond a frame's own time.
    """

    def __init__(self, frame_seconds: float, tempo: Tempo) -> None:
        self._due_seconds = tempo.real(frame_seconds)
        self._last: float | None = None
        self.late = 0
        self.longest_ms = 0

    def take(self) -> None:
        """A frame came."""
        now = time.monotonic()
        gap = now - self._last - self._due_seconds if self._last is not None else 0.0
        self._last = now
        if gap > LATE_SECONDS:
            self.late += 1
            self.longest_ms = max(self.longest_ms, round(gap * 1000))
