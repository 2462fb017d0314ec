"""int16 samples at 8 kHz: mu-law, A-law, level, silence."""

import numpy as np
import numpy.typing as npt

Pcm16 = npt.NDArray[np.int16]

RATE_HZ = 8000
FRAME_SAMPLES = 160
FRAME_SECONDS = 0.02
FULL_SCALE = 32768.0
MULAW_BIAS = 132  # ITU-T G.711
MULAW_CLIP = 32635
MULAW_SILENCE = 0xFF
ALAW_FIRST_SEGMENT = 16
ALAW_TOGGLE = 0x55  # ITU-T G.711: every other bit is turned over
SILENT_DBFS = -120.0


def _decode_table() -> Pcm16:
    code = ~np.arange(256, dtype=np.uint8)
    exponent = (code >> 4) & 0x07
    mantissa = code & 0x0F
    magnitude = ((mantissa.astype(np.int32) << 3) + MULAW_BIAS << exponent) - MULAW_BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _encode_table() -> npt.NDArray[np.uint8]:
    samples = np.arange(-32768, 32768, dtype=np.int32)
    magnitude = np.minimum(np.abs(samples), MULAW_CLIP) + MULAW_BIAS
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    sign = np.where(samples < 0, 0x80, 0)
    codes: npt.NDArray[np.uint8] = (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8)
    return codes


def _alaw_decode_table() -> Pcm16:
    code = np.arange(256, dtype=np.int32) ^ ALAW_TOGGLE
    exponent, mantissa = (code >> 4) & 0x07, code & 0x0F
    straight = (mantissa << 4) + 8
    magnitude = np.where(exponent == 0, straight, straight + 0x100 << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _alaw_encode_table() -> npt.NDArray[np.uint8]:
    samples = np.arange(-32768, 32768, dtype=np.int32)
    magnitude = np.minimum(np.where(samples < 0, -samples - 1, samples), 32767) >> 4
    exponent = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 4, 0)
    mantissa = np.where(exponent == 0, magnitude, magnitude >> exponent) & 0x0F
    segment = np.where(magnitude < ALAW_FIRST_SEGMENT, 0, exponent + 1)
    sign = np.where(samples < 0, 0, 0x80)
    codes: npt.NDArray[np.uint8] = ((sign | (segment << 4) | mantissa) ^ ALAW_TOGGLE).astype(np.uint8)
    return codes


_DECODE = _decode_table()
# By the sample's bits read as unsigned, so that a frame is one look-up without arithmetic.
_ENCODE = np.roll(_encode_table(), -32768)
_ALAW_DECODE = _alaw_decode_table()
_ALAW_ENCODE = np.roll(_alaw_encode_table(), -32768)


def mulaw_to_pcm(data: bytes) -> Pcm16:
    """G.711 mu-law to int16 samples."""
    pcm: Pcm16 = _DECODE[np.frombuffer(data, dtype=np.uint8)]
    return pcm


def pcm_to_mulaw(pcm: Pcm16) -> bytes:
    """int16 samples to G.711 mu-law."""
    return _ENCODE[np.ascontiguousarray(pcm).view(np.uint16)].tobytes()


def alaw_to_pcm(data: bytes) -> Pcm16:
    """G.711 A-law to int16 samples."""
    pcm: Pcm16 = _ALAW_DECODE[np.frombuffer(data, dtype=np.uint8)]
    return pcm


def pcm_to_alaw(pcm: Pcm16) -> bytes:
    """int16 samples to G.711 A-law."""
    return _ALAW_ENCODE[np.ascontiguousarray(pcm).view(np.uint16)].tobytes()


def level_dbfs(pcm: Pcm16) -> float:
    """RMS relative to full scale, in dBFS; SILENT_DBFS for nothing."""
    if pcm.size == 0:
        return SILENT_DBFS
    rms = float(np.sqrt(np.mean(np.square(pcm.astype(np.float64) / FULL_SCALE))))
    return 20 * float(np.log10(rms)) if rms > 0 else SILENT_DBFS


def louder(frame: bytes, dbfs: float) -> bool:
    """Whether the RMS of int16 samples lies above a level in dBFS; cheap enough for every frame."""
    samples = np.frombuffer(frame, dtype="<i2").astype(np.float32)
    return float(samples @ samples) > samples.size * FULL_SCALE**2 * 10 ** (dbfs / 10)


def frames(pcm: Pcm16) -> list[bytes]:
    """Cuts samples into 20 ms frames of 320 bytes, the last filled with silence."""
    short = -pcm.size % FRAME_SAMPLES
    padded = np.concatenate([pcm, np.zeros(short, dtype=np.int16)]) if short else pcm
    data = padded.astype("<i2").tobytes()
    size = FRAME_SAMPLES * 2
    return [data[start : start + size] for start in range(0, len(data), size)]


def trim_silence(pcm: Pcm16, floor_dbfs: float = -45.0) -> Pcm16:
    """Drops leading and trailing silence, in steps of 10 ms.

    Args:
        pcm: int16 mono samples, shape (n,), n >= 0.
        floor_dbfs: RMS below which a step is silent, in dBFS.

    Returns:
        Shape (m,), m <= n; a view, not a copy.
    """
    step = FRAME_SAMPLES // 2
    whole = pcm.size // step
    if whole == 0:
        return pcm
    steps = pcm[: whole * step].reshape(whole, step).astype(np.float64) / FULL_SCALE
    loud = np.flatnonzero(np.sqrt(np.mean(np.square(steps), axis=1)) > 10 ** (floor_dbfs / 20))
    if loud.size == 0:
        return pcm[:0]
    return pcm[loud[0] * step : (loud[-1] + 1) * step]
