"""The carrier's own memory of its calls: what REST answers is what is here, whatever becomes of our side."""

import json
import sqlite3
import threading
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class SimCall:
    """One call as the carrier knows it. Times are ISO 8601 in UTC."""

    sid: str
    to: str = field(repr=False)
    from_: str = field(repr=False)
    url: str
    status: str = "queued"
    status_callback: str | None = None
    status_events: tuple[str, ...] = ("completed",)
    amd_callback: str | None = None
    timeout_seconds: int = 60
    time_limit_seconds: int = 14400
    created_at: str = ""
    answered_at: str | None = None
    ended_at: str | None = None
    duration_seconds: int | None = None
    answered_by: str | None = None
    persona: str = ""
    marks_heard: int = 0
    transferred_to: str | None = field(default=None, repr=False)
    direction: str = "outbound-api"
    facts: dict[str, str] = field(default_factory=dict, repr=False)

    def resource(self, account_sid: str) -> dict[str, Any]:
        """The call as Twilio's REST API shows it."""
        return {
            "sid": self.sid,
            "account_sid": account_sid,
            "api_version": "2010-04-01",
            "to": self.to,
            "to_formatted": self.to,
            "from": self.from_,
            "from_formatted": self.from_,
            "status": self.status,
            "direction": self.direction,
            "answered_by": self.answered_by,
            "duration": None if self.duration_seconds is None else str(self.duration_seconds),
            "date_created": _rfc(self.created_at),
            "date_updated": _rfc(self.ended_at or self.answered_at or self.created_at),
            "start_time": _rfc(self.answered_at or self.created_at),
            "end_time": _rfc(self.ended_at),
            "price": None,
            "price_unit": "USD",
            "uri": f"/2010-04-01/Accounts/{account_sid}/Calls/{self.sid}.json",
            "subresource_uris": {},
        }


class Store:
    """Calls in SQLite; every change is written before it is told.

    Args:
        path: The file; memory if None.
    """

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS calls (sid TEXT PRIMARY KEY, number TEXT, created_at TEXT, body TEXT)"
        )
        self._db.execute("CREATE TABLE IF NOT EXISTS said (sid TEXT, mark TEXT, words TEXT)")
        self._db.execute("CREATE TABLE IF NOT EXISTS gaps (sid TEXT, ms INTEGER)")
        self._db.execute("CREATE INDEX IF NOT EXISTS ix_calls_number ON calls (number, created_at)")

    def put(self, call: SimCall) -> SimCall:
        body = json.dumps(asdict(call), ensure_ascii=False)
        with self._lock:
            self._db.execute(
                "INSERT OR REPLACE INTO calls VALUES (?, ?, ?, ?)", (call.sid, call.to, call.created_at, body)
            )
        return call

    def note_said(self, sid: str, mark: str, words: str) -> None:
        """Keeps what a persona said after a mark, to compare with what was understood."""
        with self._lock:
            self._db.execute("INSERT INTO said VALUES (?, ?, ?)", (sid, mark, words))

    def said(self) -> list[tuple[str, str, str]]:
        """Call, mark and words of all that personas said, in order."""
        with self._lock:
            return list(self._db.execute("SELECT sid, mark, words FROM said ORDER BY rowid"))

    def note_gap(self, sid: str, ms: int) -> None:
        """Keeps how long a persona who had spoken waited for the bot, as heard on the telephone."""
        with self._lock:
            self._db.execute("INSERT INTO gaps VALUES (?, ?)", (sid, ms))

    def gaps(self) -> list[tuple[str, int]]:
        """Call and milliseconds of all waits, in order."""
        with self._lock:
            return list(self._db.execute("SELECT sid, ms FROM gaps ORDER BY rowid"))

    def change(self, sid: str, **values: Any) -> SimCall:  # noqa: ANN401 - SimCall's fields
        call = self.get(sid)
        if call is None:
            raise KeyError(sid)
        return self.put(replace(call, **values))

    def get(self, sid: str) -> SimCall | None:
        with self._lock:
            row = self._db.execute("SELECT body FROM calls WHERE sid = ?", (sid,)).fetchone()
        return _call(row[0]) if row else None

    def find(self, number: str | None, after: str | None, limit: int) -> list[SimCall]:
        """Newest first."""
        query = "SELECT body FROM calls WHERE (? IS NULL OR number = ?) AND (? IS NULL OR created_at >= ?)"
        with self._lock:
            rows = self._db.execute(
                f"{query} ORDER BY created_at DESC LIMIT ?", (number, number, after, after, limit)
            ).fetchall()
        return [_call(row[0]) for row in rows]

    def count(self, number: str) -> int:
        """Calls ever made to a number."""
        with self._lock:
            row = self._db.execute("SELECT count(*) FROM calls WHERE number = ?", (number,)).fetchone()
        return int(row[0])

    def fail_lost(self) -> None:
        """Calls of a process that is gone have failed."""
        for call in self.find(None, None, 10_000):
            if call.status in {"queued", "initiated", "ringing", "in-progress"}:
                self.put(replace(call, status="failed", ended_at=now(), duration_seconds=0))

    def close(self) -> None:
        self._db.close()


def now() -> str:
    """The time as it is stored."""
    return datetime.now(UTC).isoformat()


def _call(body: str) -> SimCall:
    data = json.loads(body)
    return SimCall(**(data | {"status_events": tuple(data["status_events"])}))


def _rfc(at: str | None) -> str | None:
    return format_datetime(datetime.fromisoformat(at)) if at else None
