"""A stronger model of the site (bge, gte): a sentence-transformers folder, encoded by a process that has torch."""

import contextlib
import hashlib
import json
import logging
import selectors
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from knowledge.search.dense import EncoderUnavailable
from knowledge.search.lexical import Floats
from knowledge.search.text import Counted

log = logging.getLogger(__name__)
START_SECONDS = 120.0
ANSWER_SECONDS, BULK_SECONDS = 10.0, 600.0
"""Somebody waits for a question's vector; a part of an index may take its time."""
AT_ONCE = 128
REST_SECONDS = 30.0
"""After a failure so long nothing is asked: questions are answered by words meanwhile."""
WEIGHTS = ("model.safetensors", "pytorch_model.bin", "config.json", "modules.json")
NUMBER_BYTES = 4
ROOT = Path(__file__).parents[2]


class ServedEncoder:
    """Starts `knowledge.encoding` with the first text, and anew after it died."""

    def __init__(self, folder: Path, interpreter: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`interpreter`: of an environment with sentence-transformers.

        Raises:
            EncoderUnavailable: The folder holds no model, or there is no such interpreter.
        """
        if not interpreter.exists() or not any((folder / name).exists() for name in WEIGHTS[:2]):
            raise EncoderUnavailable("absent")
        self._command = [str(interpreter), "-m", "knowledge.encoding", str(folder.resolve())]
        self._name = f"served-{_digest(folder)}"
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._dimensions = 0
        self._monotonic = monotonic
        self._rests_until = 0.0

    @property
    def name(self) -> str:
        """Tells one model from another by its files."""
        return self._name

    def encode(self, texts: Sequence[str], counted: Mapping[str, Counted]) -> Floats:
        """Unit vectors, one after the other through one pipe.

        Raises:
            EncoderUnavailable: It did not start, or does not answer.
        """
        with self._lock:
            if self._monotonic() < self._rests_until:
                raise EncoderUnavailable("resting")
            try:
                found = [self._ask(texts[begin : begin + AT_ONCE]) for begin in range(0, len(texts), AT_ONCE)]
            except (OSError, ValueError, TimeoutError) as error:
                self._end()
                self._rests_until = self._monotonic() + REST_SECONDS
                log.warning("the knowledge model's process does not answer")
                raise EncoderUnavailable(type(error).__name__) from error
            return np.concatenate(found) if found else np.zeros((0, self._dimensions), np.float32)

    def close(self) -> None:
        """Ends the process."""
        with self._lock:
            self._end()

    def _ask(self, texts: Sequence[str]) -> Floats:
        process = self._started()
        if process.stdin is None or process.stdout is None:
            raise ValueError
        process.stdin.write(json.dumps([text or " " for text in texts]).encode() + b"\n")
        process.stdin.flush()
        wanted = len(texts) * self._dimensions * NUMBER_BYTES
        data = _read(process, wanted, ANSWER_SECONDS if len(texts) == 1 else BULK_SECONDS)
        return np.frombuffer(data, "<f4").reshape(len(texts), self._dimensions).astype(np.float32)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            self._command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        line = b""
        while not line.endswith(b"\n"):
            line += _read(self._process, 1, START_SECONDS)
        self._dimensions = int(json.loads(line)["dimensions"])
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            self._process = None


def _read(process: subprocess.Popen[bytes], wanted: int, seconds: float) -> bytes:
    """So many bytes of a process's answer."""
    if process.stdout is None:
        raise ValueError
    found = bytearray()
    until = time.monotonic() + seconds
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        while len(found) < wanted:
            if not waiting.select(max(0.0, until - time.monotonic())):
                raise TimeoutError
            part = process.stdout.read(wanted - len(found))
            if not part:
                raise ValueError
            found += part
    return bytes(found)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in WEIGHTS:
        path = folder / name
        if path.exists():
            with path.open("rb") as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
    return digest.hexdigest()[:16]
