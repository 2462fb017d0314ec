"""Tones as a telephone sends them: keys (ITU-T Q.23), a beep, ringing."""

import numpy as np

from telephony.audio.pcm import FULL_SCALE, RATE_HZ, Pcm16

LOW_HZ = (697, 770, 852, 941)
HIGH_HZ = (1209, 1336, 1477, 1633)
KEYS = "123A456B789C*0#D"
TONE_SECONDS = 0.1
GAP_SECONDS = 0.06
TONE_DBFS = -16.0
BEEP_HZ = 1000
BEEP_SECONDS = 0.4
RINGBACK_HZ = 450  # the national standard: 450 Hz, 1 s on and 4 s off
RINGBACK_SECONDS, RINGBACK_PAUSE_SECONDS = 1.0, 4.0
RINGBACK_DBFS = -24.0


def dtmf(keys: str) -> Pcm16:
    """The tones of keys, each 100 ms with 60 ms of silence after it.

    Raises:
        ValueError: A character is not a key.
    """
    gap = np.zeros(int(GAP_SECONDS * RATE_HZ), dtype=np.int16)
    parts = [part for key in keys for part in (_tone(key), gap)]
    return np.concatenate(parts) if parts else gap[:0]


def beep() -> Pcm16:
    """After which a message is recorded: 1 kHz for 0.4 s."""
    time = np.arange(int(BEEP_SECONDS * RATE_HZ)) / RATE_HZ
    wave: Pcm16 = (np.sin(2 * np.pi * BEEP_HZ * time) * 10 ** (TONE_DBFS / 20) * FULL_SCALE).astype(np.int16)
    return wave


def ringback() -> Pcm16:
    """What a caller in China hears while it rings, once with its pause."""
    time = np.arange(int(RINGBACK_SECONDS * RATE_HZ)) / RATE_HZ
    wave = np.sin(2 * np.pi * RINGBACK_HZ * time) * 10 ** (RINGBACK_DBFS / 20) * FULL_SCALE
    pause = np.zeros(int(RINGBACK_PAUSE_SECONDS * RATE_HZ), dtype=np.int16)
    return np.concatenate([wave.astype(np.int16), pause])


def _tone(key: str) -> Pcm16:
    row, column = divmod(KEYS.index(key), len(HIGH_HZ))
    time = np.arange(int(TONE_SECONDS * RATE_HZ)) / RATE_HZ
    wave = np.sin(2 * np.pi * LOW_HZ[row] * time) + np.sin(2 * np.pi * HIGH_HZ[column] * time)
    tone: Pcm16 = (wave * 10 ** (TONE_DBFS / 20) * FULL_SCALE / np.sqrt(2)).astype(np.int16)
    return tone


def detect(pcm: Pcm16) -> str | None:
    """The key whose two tones carry most of a block's energy, by Goertzel's sums; None if none does."""
    if pcm.size == 0:
        return None
    samples = pcm.astype(np.float64)
    energy = float(np.mean(np.square(samples)))
    powers = [_power(samples, hz) for hz in (*LOW_HZ, *HIGH_HZ)]
    row, column = int(np.argmax(powers[:4])), int(np.argmax(powers[4:]))
    tonal = powers[row] + powers[4 + column]
    enough = 0.6
    return KEYS[row * 4 + column] if energy > 0 and tonal / energy > enough else None


def _power(samples: np.ndarray[tuple[int], np.dtype[np.float64]], hz: int) -> float:
    turn = np.exp(-2j * np.pi * hz / RATE_HZ * np.arange(samples.size))
    return 2 * abs(complex(np.mean(samples * turn))) ** 2
