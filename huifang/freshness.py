"""Whether the demo data is as this very code made it today, so that a second start prepares nothing."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from core_api.kit.errors import ServiceError
from huifang.settings import ROOT, Settings

STAMP = ".prepared"
SAMPLE_FOLDER = "sample-export"
# What the preparation reads: schema, libraries, and the code that imports and plans.
SOURCES = (
    "migrations/versions",
    "core_api/plans",
    "core_api/questionnaires",
    "core_api/imports",
    "campaigns/library",
    "knowledge/library",
    "sample",
    "huifang/demo.py",
)
SUFFIXES = {".py", ".yaml", ".yml", ".csv", ".xlsx"}


class NotInitialised(ServiceError):
    """There is no key ring yet."""

    default_code = "not_initialised"
    status = 503


def check_initialised(settings: Settings) -> None:
    """Raises NotInitialised when there is no key ring; `huifang init` makes one."""
    if not settings.keyring.exists():
        raise NotInitialised("尚未初始化：请先运行 huifang init")


def is_prepared(settings: Settings) -> bool:
    """Whether nothing has changed since the last preparation; always False where the database is a server's."""
    if settings.database_url or not (settings.data_dir / "huifang.db").is_file() or not settings.keyring.is_file():
        return False
    stamp = settings.data_dir / STAMP
    return stamp.is_file() and stamp.read_text("utf-8") == _state(settings)


def note_prepared(settings: Settings) -> None:
    """Remembers what the data was made from; replaced whole, since two may write at once."""
    partial = settings.data_dir / f"{STAMP}.partial"
    partial.write_text(_state(settings), "utf-8")
    partial.replace(settings.data_dir / STAMP)


def _state(settings: Settings) -> str:
    """A hash over contents, and the day, since plans move with it."""
    digest = hashlib.sha256(datetime.now(UTC).astimezone(settings.zone).date().isoformat().encode())
    for file in sorted(_files(settings)):
        digest.update(str(file).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _files(settings: Settings) -> Iterator[Path]:
    for place in (*(ROOT / source for source in SOURCES), settings.data_dir / SAMPLE_FOLDER):
        found = place.rglob("*") if place.is_dir() else [place]
        yield from (path for path in found if path.suffix in SUFFIXES and path.is_file())
