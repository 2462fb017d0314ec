"""People of the hospital on a live call: they hear both sides, and one of them may speak in the bot's place."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from uuid import UUID

import numpy as np

from telephony.audio.pcm import louder
from telephony.session.recorder import Recorder

MOST_SENT_FRAMES = 100
BEHIND_SECONDS = 0.2
"""A person's pauses are left out while the patient is so far behind, or a stalled network would stay a delay."""
FULL_SECONDS = 0.6
PAUSE_DBFS = -50.0

Play = Callable[[list[bytes]], Awaitable[None]]


class StaffLeg(Protocol):
    """One person's connection, on the event loop of the call."""

    @property
    def user_id(self) -> UUID:
        """Whose it is."""
        ...

    @property
    def name(self) -> str:
        """As colleagues read it."""
        ...

    def hear(self, pcm: bytes) -> None:
        """Takes 20 ms of int16 to be heard; never waits."""
        ...

    def tell(self, message: dict[str, Any]) -> None:
        """Takes a control message; never waits."""
        ...


class Bridge:
    """Keeps both sides' frames side by side, by the patient's, for the recorder and for people.

    Args:
        recorder: Keeps what is heard here too.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._legs: list[StaffLeg] = []
        self._sent: deque[tuple[bytes, bool]] = deque(maxlen=MOST_SENT_FRAMES)
        self.floor: StaffLeg | None = None
        """Who speaks with the patient."""
        self.open = False
        """Whether the patient hears who has the floor; not while a sentence of ours is said."""
        self._over: dict[str, Any] | None = None
        self.taken = asyncio.Event()
        """A person has the call, if only for the moments in which their connection is gone."""

    def bot(self, pcm: bytes) -> None:
        """20 ms on their way to the patient."""
        self.recorder.bot(pcm)
        self._sent.append((pcm, self.open))

    def clear(self) -> None:
        """What is on its way will not be heard."""
        self.recorder.clear()
        self._sent.clear()

    def patient(self, pcm: bytes) -> None:
        """20 ms of the patient, heard together with what they hear meanwhile; nobody hears themselves."""
        self.recorder.patient(pcm)
        sent, by_person = self._sent.popleft() if self._sent else (b"", False)
        if not self._legs:
            return
        both = mixed(pcm, sent) if sent else pcm
        for leg in self._legs:
            leg.hear(pcm if by_person and leg is self.floor else both)

    async def speak(self, leg: StaffLeg, pcm: bytes, seconds_left: float, play: Play) -> None:
        """20 ms of a person for the patient; left out unless they have the floor.

        Args:
            leg: Whose.
            pcm: int16.
            seconds_left: What the patient has yet to hear.
            play: Sends it.
        """
        if leg is not self.floor or not self.open or seconds_left > FULL_SECONDS:
            return
        if seconds_left < BEHIND_SECONDS or louder(pcm, PAUSE_DBFS):
            await play([pcm])

    @property
    def people(self) -> int:
        """How many are there."""
        return len(self._legs)

    def join(self, leg: StaffLeg) -> None:
        """Begins to hear; who comes too late is told so."""
        self._legs.append(leg)
        self.show()
        if self._over is not None:
            leg.tell(self._over)

    def leave(self, leg: StaffLeg) -> bool:
        """Hears no more; True if the patient is left alone by it."""
        if leg in self._legs:
            self._legs.remove(leg)
        left = leg is self.floor
        if left:
            self.floor, self.open = None, False
        self.show()
        return left

    def take(self, leg: StaffLeg) -> None:
        """Gives somebody the floor whom the record names as the owner."""
        self.floor, self.open = leg, False
        self.taken.set()
        self.show()

    def free(self) -> None:
        """The bot has the call again."""
        self.floor, self.open = None, False
        self.taken.clear()
        self.show()

    def opened(self) -> None:
        """The patient hears the person from now on."""
        self.open = True
        self.show()

    def closed(self) -> None:
        """The patient does not hear the person while a sentence of ours is said."""
        self.open = False
        self.show()

    def show(self) -> None:
        """Tells everybody how it stands."""
        speaker = self.floor
        for leg in self._legs:
            leg.tell(
                {
                    "type": "state",
                    "taken": self.taken.is_set(),
                    "speaker": speaker.name if speaker else None,
                    "mine": leg is speaker,
                    "on_air": self.open,
                    "people": len(self._legs),
                }
            )

    def tell(self, message: dict[str, Any]) -> None:
        """Tells everybody something."""
        if message["type"] == "ended":
            self._over = message
        for leg in list(self._legs):
            leg.tell(message)


def mixed(one: bytes, other: bytes) -> bytes:
    """Two frames of int16 heard at once; as long as the first."""
    first = np.frombuffer(one, dtype="<i2").astype(np.int32)
    second = np.frombuffer(other[: len(one)].ljust(len(one), b"\0"), dtype="<i2")
    both: bytes = np.clip(first + second, -32768, 32767).astype("<i2").tobytes()
    return both
