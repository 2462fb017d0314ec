"""Our own voice coming back from the patient's telephone is not the patient."""

from collections import deque

import numpy as np

from telephony.audio.pcm import FRAME_SAMPLES, FRAME_SECONDS, RATE_HZ

KEPT_SECONDS = 2.5
COMPARED_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 1.0
"""Networks and loudspeaker telephones; the two sides' clocks may differ by some of it."""
AHEAD_SECONDS = 0.3
ALIKE = 0.5


class EchoGuard:
    """Compares what comes in with what went out shortly before; frames stay bytes, since few are compared."""

    def __init__(self) -> None:
        self._sent: deque[tuple[float, bytes]] = deque()
        self._heard: deque[bytes] = deque(maxlen=int(COMPARED_SECONDS / FRAME_SECONDS))

    def sent(self, pcm: bytes, at_seconds: float) -> None:
        """Notes 20 ms that the patient hears at a time of the call."""
        self._sent.append((at_seconds, pcm))
        while self._sent and self._sent[0][0] < at_seconds - KEPT_SECONDS:
            self._sent.popleft()

    def heard(self, pcm: bytes) -> None:
        """Notes 20 ms of the patient's side."""
        self._heard.append(pcm)

    def is_echo(self, now_seconds: float) -> bool:
        """Whether the last half second is our own voice, at any delay a telephone may have."""
        if not self._sent or len(self._heard) < (self._heard.maxlen or 0):
            return False
        heard = _samples(b"".join(self._heard))
        ours = self._between(now_seconds - COMPARED_SECONDS - LONGEST_DELAY_SECONDS, now_seconds + AHEAD_SECONDS)
        return _likeness(heard, ours) >= ALIKE

    def _between(self, start_seconds: float, end_seconds: float) -> np.ndarray:
        ours = np.zeros(int((end_seconds - start_seconds) * RATE_HZ) + FRAME_SAMPLES, dtype=np.float32)
        for at, pcm in self._sent:
            place, frame = int((at - start_seconds) * RATE_HZ), _samples(pcm)
            if 0 <= place <= ours.size - frame.size:
                ours[place : place + frame.size] = frame
        return ours


def _samples(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32)


def _likeness(heard: np.ndarray, ours: np.ndarray) -> float:
    """The highest normalised correlation of `heard` with any stretch of `ours`."""
    size = 1 << int(np.ceil(np.log2(heard.size + ours.size)))
    both = np.fft.irfft(np.fft.rfft(ours, size) * np.conj(np.fft.rfft(heard, size)), size)[: ours.size - heard.size + 1]
    power = np.concatenate([[0.0], np.cumsum(ours.astype(np.float64) ** 2)])
    energy = power[heard.size :] - power[: power.size - heard.size]
    own = float((heard**2).sum())
    loud = energy > max(1e-3 * float(energy.max()), 1.0)
    if own < 1 or not loud.any():
        return 0.0
    return float((np.abs(both[: loud.size])[loud] / np.sqrt(own * energy[loud])).max())
