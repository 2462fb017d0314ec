"""The call's own time: real seconds times the carrier's pace, so that the simulator may run faster than life."""

import asyncio
import time
from dataclasses import dataclass


@dataclass
class Waits:
    """What the patient waited for before the bot spoke: the pause in call seconds, the rest in real ones."""

    pause_seconds: float = 0.0
    think_seconds: float = 0.0
    voice_seconds: float = 0.0

    def in_ms(self, tempo: "Tempo") -> dict[str, int]:
        """Real milliseconds, for the call's record."""
        seconds = {"pause_ms": tempo.real(self.pause_seconds), "think_ms": self.think_seconds}
        return {name: int(one * 1000) for name, one in (seconds | {"voice_ms": self.voice_seconds}).items()}


class Tempo:
    """Counts call seconds from its making.

    Args:
        pace: Call seconds per real second.
    """

    def __init__(self, pace: float = 1.0) -> None:
        self.pace = pace
        self._begun = time.monotonic()

    def now(self) -> float:
        """Call seconds since the beginning."""
        return (time.monotonic() - self._begun) * self.pace

    async def sleep(self, seconds: float) -> None:
        """Sleeps call seconds."""
        await asyncio.sleep(max(0.0, seconds) / self.pace)

    def real(self, seconds: float) -> float:
        """Call seconds as real seconds."""
        return max(0.0, seconds) / self.pace
