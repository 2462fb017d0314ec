"""What one run has seen so far, in a temporary SQLite file: memory stays flat however long the export is.

Keys are hashed with a key of this run; nothing personal is written. The file has no name and dies with the process.
"""

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Collection, Mapping
from types import TracebackType
from typing import Any

IN_CHUNK = 400
Value = dict[str, Any]
Traceback = TracebackType | None


class Scratch:
    """Values by (space, key)."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._db = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute("CREATE TABLE seen (id BLOB PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")

    def __enter__(self) -> "Scratch":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._db.close()

    def get_many(self, space: str, keys: Collection[str]) -> dict[str, Value]:
        """Values that are there, by key."""
        wanted = {self._id(space, key): key for key in keys}
        ids = list(wanted)
        found: dict[str, Value] = {}
        for start in range(0, len(ids), IN_CHUNK):
            chunk = ids[start : start + IN_CHUNK]
            marks = ",".join("?" * len(chunk))
            rows = self._db.execute(f"SELECT id, value FROM seen WHERE id IN ({marks})", chunk)  # noqa: S608 - marks
            found |= {wanted[row[0]]: json.loads(row[1]) for row in rows}
        return found

    def put_many(self, space: str, values: Mapping[str, Value]) -> None:
        """Writes or replaces values."""
        rows = [(self._id(space, key), json.dumps(value, ensure_ascii=False)) for key, value in values.items()]
        self._db.execute("BEGIN")
        self._db.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?)", rows)
        self._db.execute("COMMIT")

    def _id(self, space: str, key: str) -> bytes:
        return hashlib.blake2b(f"{space}|{key}".encode(), key=self._key, digest_size=16).digest()
