"""Kaldi's binary file format, as far as an acoustic model needs it."""

import struct
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


class Writer:
    """Collects the bytes of a binary Kaldi file."""

    def __init__(self) -> None:
        self._parts: list[bytes] = [b"\0B"]

    def bytes(self) -> bytes:
        """All that was written."""
        return b"".join(self._parts)

    def token(self, *names: str) -> "Writer":
        """ASCII words, each with a space after it."""
        self._parts += [name.encode() + b" " for name in names]
        return self

    def line(self, text: str) -> "Writer":
        """A line of text, as the network's configuration is written."""
        self._parts.append(text.encode() + b"\n")
        return self

    def integer(self, value: int) -> "Writer":
        self._parts.append(struct.pack("<bi", 4, value))
        return self

    def real(self, value: float) -> "Writer":
        self._parts.append(struct.pack("<bf", 4, value))
        return self

    def double(self, value: float) -> "Writer":
        self._parts.append(struct.pack("<bd", 8, value))
        return self

    def boolean(self, value: bool) -> "Writer":
        self._parts.append(b"T" if value else b"F")
        return self

    def integers(self, values: Iterable[int]) -> "Writer":
        """A vector of int32 with its count."""
        listed = list(values)
        self._parts.append(struct.pack(f"<bi{len(listed)}i", 4, len(listed), *listed))
        return self

    def vector(self, values: Matrix) -> "Writer":
        self.token("FV").integer(values.size)
        self._parts.append(np.asarray(values, dtype="<f4").tobytes())
        return self

    def matrix(self, values: Matrix) -> "Writer":
        rows, columns = values.shape
        self.token("FM").integer(rows).integer(columns)
        self._parts.append(np.asarray(values, dtype="<f4").tobytes())
        return self
