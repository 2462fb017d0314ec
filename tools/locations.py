"""Where things lie: the repository, the user's cache, and names derived from what they are made of."""

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from tools.progress import StepFailed, say

ROOT = Path(__file__).resolve().parents[1]
HASH_LENGTH = 12


def cache_dir() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "huifang"


def hash_of_files(files: Iterable[Path], base: Path = ROOT) -> str:
    """Hashes names and contents, so that a renamed file counts as a change."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(str(file.relative_to(base)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:HASH_LENGTH]


def hash_of_lock(lock: Path) -> str:
    """The first twelve digits of `sha256sum`, as `bin/huifang` computes it in shell."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()[:HASH_LENGTH]


@contextlib.contextmanager
def only_one(name: str) -> Iterator[None]:
    """Holds a lock of this machine's user, so that two clones do not build the same thing at once."""
    path = cache_dir() / "locks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"• Waiting for another process that builds {name} ...")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def remove(path: Path) -> None:
    """Removes a half-built directory."""
    if path.is_dir():
        shutil.rmtree(path)


def require_program(name: str, remedy: str) -> str:
    found = shutil.which(name)
    if not found:
        raise StepFailed(f"{name} is missing. {remedy}")
    return found
