"""What is kept of a call's sound, sealed: the growing spool piece by piece, the finished recording as a whole."""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.kit.crypto import Keyring, SealBroken, ring_of, seal_bytes, unseal_bytes

SPOOL = "recordings.spool"
AUDIO = "recordings.audio"
LENGTH = struct.Struct(">I")


@dataclass(frozen=True)
class Safe:
    """Seals for one call, so that no file can be passed off as another call's."""

    keyring: Keyring
    call_id: UUID

    def piece(self, pcm: bytes) -> bytes:
        """A piece of the spool: its length and what is sealed."""
        sealed = seal_bytes(self.keyring, SPOOL, self.call_id, pcm)
        return LENGTH.pack(len(sealed)) + sealed

    def pieces(self, spool: bytes) -> Iterator[bytes]:
        """What a spool holds, up to where it breaks off: a killed process leaves half a piece, or none."""
        at = 0
        while at + LENGTH.size <= len(spool):
            end = at + LENGTH.size + LENGTH.unpack_from(spool, at)[0]
            if end > len(spool):
                return
            yield unseal_bytes(self.keyring, SPOOL, self.call_id, spool[at + LENGTH.size : end])
            at = end

    def write(self, path: Path, audio: bytes) -> None:
        """Puts a finished recording down whole or not at all; raises OSError."""
        partial = path.with_suffix(".partial")
        with partial.open("wb") as out:
            out.write(seal_bytes(self.keyring, AUDIO, self.call_id, audio))
            out.flush()
            os.fsync(out.fileno())
        partial.replace(path)

    def read(self, path: Path) -> bytes:
        """A finished recording; raises OSError and SealBroken."""
        return unseal_bytes(self.keyring, AUDIO, self.call_id, path.read_bytes())


def safe_of(session: Session, call_id: UUID) -> Safe:
    """The safe of a call under the session's key ring."""
    return Safe(ring_of(session), call_id)


__all__ = ["Safe", "SealBroken", "safe_of"]
