"""Log lines: static text with fields, one line each, without personal data (nothing adds any)."""

import logging

QUIET = ("httpx", "httpcore", "twilio", "kombu", "celery", "websockets", "asyncio", "alembic", "pydub", "pipecat")
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class FieldFormatter(logging.Formatter):
    """Appends the fields given as `extra=`."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        fields = " ".join(f"{key}={value}" for key, value in vars(record).items() if key not in STANDARD)
        return f"{line} {fields}" if fields else line


def configure(level: str) -> None:
    """Sets the process's logging; third parties speak only of trouble."""
    handler = logging.StreamHandler()
    handler.setFormatter(FieldFormatter("%(asctime)s %(levelname)s %(name)s %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
