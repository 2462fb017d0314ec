"""Log lines that cannot hold personal data, whoever writes them.

Ours log static text with fields. Libraries do not: they put what they were given into messages, arguments and
exceptions. So the formatter trusts nobody: a text that is not found in its own source file is withheld, arguments and
fields pass only as numbers, ids and identifiers, and of an exception only what `faults.described` says.
"""

import linecache
import logging
import re
import sys
import threading
from functools import lru_cache
from types import TracebackType
from uuid import UUID

from core_api.kit.faults import described

QUIET = (
    "httpx",
    "httpcore",
    "twilio",
    "kombu",
    "celery",
    "websockets",
    "asyncio",
    "alembic",
    "pydub",
    "pipecat",
    "faiss",
)
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
WITHHELD = "*"
HARMLESS_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.:/<>-]{0,99}")
DESCRIPTION = re.compile(r"[A-Za-z0-9_.,:/<> -]{1,4000}")
PLACEHOLDER = re.compile(r"%(?:\([^)]*\))?[#0 +-]*\d*(?:\.\d+)?[a-zA-Z]")
LONG_NUMBER = re.compile(r"\d{7,}")
LARGEST_NUMBER = 10**9
LINES_OF_A_CALL = 12
HarmlessNumber = (bool, int, float)

log = logging.getLogger("huifang.process")


class SafeFormatter(logging.Formatter):
    """One line a record, its fields appended."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; `error` is the only field that may be more than a word."""
        parts = [self.formatTime(record, self.datefmt), record.levelname, record.name, _text(record)]
        parts += [f"{key}={_field(key, value)}" for key, value in vars(record).items() if key not in STANDARD]
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            parts.append(f"error={described(error)}")
        return " ".join(parts)


def configure(level: str) -> None:
    """Sets the process's logging; third parties speak only of trouble, and no error reaches stderr another way."""
    handler = logging.StreamHandler()
    handler.setFormatter(SafeFormatter(datefmt="%H:%M:%S"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # the handler's own report of a bad call prints its arguments
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    threading.excepthook = _uncaught_in_thread


def _text(record: logging.LogRecord) -> str:
    """The message with harmless arguments; withheld when it is no text of its source file."""
    template = record.msg if isinstance(record.msg, str) else ""
    if not _is_static(record.pathname, record.lineno, template):
        return f"{WITHHELD} ({record.module}:{record.lineno})"
    if not record.args:
        return template.strip()
    arguments = record.args.values() if isinstance(record.args, dict) else record.args
    shown = " ".join(_harmless(one) for one in arguments)
    return f"{PLACEHOLDER.sub(WITHHELD, template).strip()} [{shown}]"


@lru_cache(maxsize=1024)
def _is_static(path: str, line: int, template: str) -> bool:
    """Whether the text stands in the source, near the call that logged it or anywhere in the file."""
    wanted = template.strip()
    if not wanted:
        return False
    source = "".join(linecache.getlines(path))
    if wanted in source:
        return True
    # A text of several literals: each of its words is there, where the call is.
    call = "".join(linecache.getlines(path)[line - 1 : line - 1 + LINES_OF_A_CALL])
    literals = "".join(re.findall(r"(?<![fF])[\"']([^\"'{}]*)[\"']", call))
    return wanted in literals


def _field(key: str, value: object) -> str:
    if key == "error" and isinstance(value, str) and DESCRIPTION.fullmatch(value):
        return value
    return _harmless(value)


def _harmless(value: object) -> str:
    """A number, an id, an identifier or a class; everything else is withheld."""
    if isinstance(value, BaseException):
        return type(value).__name__
    if isinstance(value, type):
        return value.__name__
    if value is None or isinstance(value, UUID):
        return str(value)
    if isinstance(value, HarmlessNumber):
        return str(value) if abs(value) < LARGEST_NUMBER else WITHHELD
    return value if isinstance(value, str) and _is_word(value) else WITHHELD


def _is_word(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return HARMLESS_WORD.fullmatch(text) is not None and not LONG_NUMBER.search(text)


def _uncaught(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    if not isinstance(error, KeyboardInterrupt):
        log.critical("process failed", extra={"error": described(error)})


def _uncaught_in_thread(failure: threading.ExceptHookArgs) -> None:
    if failure.exc_value is not None and failure.exc_type is not SystemExit:
        log.error("thread failed", extra={"error": described(failure.exc_value)})


def _unraisable(failure: object) -> None:
    error = getattr(failure, "exc_value", None)
    if isinstance(error, BaseException):
        log.error("an error could not be raised", extra={"error": described(error)})
