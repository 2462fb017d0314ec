"""Both sides of a call on disk while it lasts, one playable file after it."""

import errno
import io
import logging
from collections import deque
from pathlib import Path

import numpy as np
from pydub import AudioSegment
from pydub.exceptions import CouldntEncodeError

from telephony.audio.measuring import Sound, measure
from telephony.audio.pcm import FRAME_SAMPLES, FRAME_SECONDS, RATE_HZ
from telephony.calls.schemas import KeptRecording
from telephony.session.safe import Safe

log = logging.getLogger(__name__)

FRAME_BYTES = FRAME_SAMPLES * 2
FLUSH_FRAMES = 50
SPOOL_SUFFIX = ".spool"
SEALED_SUFFIX = ".sealed"
SILENT_FRAME = bytes(FRAME_BYTES)
OPUS_BITRATE = "32k"


class Recorder:
    """Interleaves patient (left) and bot (right) by the patient's frames, as a telephone plays them out.

    Args:
        spool: File of sealed pieces of interleaved int16; grows while the call lasts, so a killed process loses a
            second.
        safe: Seals them.
    """

    def __init__(self, spool: Path, safe: Safe) -> None:
        self._safe = safe
        self._file: io.BufferedWriter | None = None
        self._bot: deque[bytes] = deque()
        self._left: list[bytes] = []
        self._right: list[bytes] = []
        self._frames = 0
        self._bot_from: int | None = None
        self._bot_until = 0
        self.failed: str | None = None
        try:
            spool.parent.mkdir(parents=True, exist_ok=True)
            self._file = spool.open("ab")
        except OSError as error:
            self.failed = name_of(error)

    def bot(self, pcm: bytes) -> None:
        """Queues 20 ms of the bot, heard when the patient's side has caught up."""
        self._bot.append(pcm)
        self._bot_until = self._frames + len(self._bot)
        if self._bot_from is None:
            self._bot_from = self._bot_until - 1

    def clear(self) -> None:
        """The bot was interrupted: what is queued was not heard."""
        self._bot.clear()
        self._bot_until = min(self._bot_until, self._frames)

    @property
    def at_ms(self) -> int:
        """Where in the recording the call is."""
        return round(self._frames * FRAME_SECONDS * 1000)

    def begin_prompt(self) -> None:
        """What the bot says from now on is a new prompt."""
        self._bot_from = None

    @property
    def prompt_ms(self) -> tuple[int, int] | None:
        """From where to where in the recording the prompt was said; None if nothing of it was."""
        if self._bot_from is None:
            return None
        ends = (self._bot_from, max(self._bot_from, self._bot_until))
        return round(ends[0] * FRAME_SECONDS * 1000), round(ends[1] * FRAME_SECONDS * 1000)

    def patient(self, pcm: bytes) -> None:
        """Adds 20 ms of the patient, and of what the bot said meanwhile."""
        self._frames += 1
        if self._file is None:
            if self._bot:
                self._bot.popleft()
            return
        self._left.append(_whole(pcm))
        self._right.append(_whole(self._bot.popleft()) if self._bot else SILENT_FRAME)
        if len(self._left) >= FLUSH_FRAMES:
            self._write()

    def flush(self) -> bool:
        """Brings to the disk what is waiting; False if this call's sound is not kept."""
        if self._left:
            self._write()
        return self._file is not None and self.failed is None

    def close(self) -> None:
        """Writes the rest."""
        self._write()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self) -> None:
        left, right = self._left, self._right
        self._left, self._right = [], []
        if self._file is None:
            return
        try:
            self._file.write(self._safe.piece(_interleaved(left, right)))
            self._file.flush()
        except OSError as error:
            self.failed = name_of(error)
            self._give_up()

    def _give_up(self) -> None:
        """A full disk ends the recording, never the call; closing may fail again on what is still buffered."""
        file, self._file = self._file, None
        try:
            if file is not None:
                file.close()
        except OSError:
            log.warning("recording could not be closed")


def name_of(error: Exception) -> str:
    """The operating system's name of an error, such as ENOSPC; else its class."""
    return errno.errorcode.get(getattr(error, "errno", None) or 0, type(error).__name__)


def finalise(spool: Path, folder: Path, safe: Safe) -> tuple[KeptRecording, Sound] | None:
    """Turns a spool into sealed ogg/opus, or wav where ffmpeg is missing; the caller removes it once that is noted.

    Returns:
        The file, and how it sounds; None if the spool held no audio.

    Raises:
        OSError: The disk is full or the folder cannot be written; the spool stays.
        SealBroken: The spool belongs to another call or key ring; it stays.
    """
    raw = b"".join(safe.pieces(spool.read_bytes()))
    if not raw:
        return None
    audio = AudioSegment(data=raw, sample_width=2, frame_rate=RATE_HZ, channels=2)
    content, kind = _encoded(audio)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{spool.stem}{SEALED_SUFFIX}"
    safe.write(path, content)
    kept = KeptRecording(file_name=path.name, format=kind, duration_ms=len(audio), size_bytes=len(content))
    return kept, measure(np.frombuffer(raw, dtype="<i2").reshape(-1, 2))


def _encoded(audio: AudioSegment) -> tuple[bytes, str]:
    out = io.BytesIO()
    try:
        audio.export(out, format="ogg", codec="libopus", bitrate=OPUS_BITRATE)
    except (CouldntEncodeError, FileNotFoundError):
        out = io.BytesIO()
        audio.export(out, format="wav")
        return out.getvalue(), "wav"
    return out.getvalue(), "ogg"


def _whole(pcm: bytes) -> bytes:
    """A frame of just 20 ms: cut, or filled with silence."""
    return pcm if len(pcm) == FRAME_BYTES else pcm[:FRAME_BYTES].ljust(FRAME_BYTES, b"\0")


def _interleaved(left: list[bytes], right: list[bytes]) -> bytes:
    """Frames of both sides as stereo samples."""
    sides = [np.frombuffer(b"".join(side), dtype="<i2") for side in (left, right)]
    return np.column_stack(sides).tobytes()
