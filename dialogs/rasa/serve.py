"""Rasa's command line with nothing of a patient's in its log, the tokeniser's dictionary loaded beside the model, and
answers of actions checked against a schema that is itself checked once.

Rasa writes a message's words into its records when something goes wrong. Patients speak Chinese, so that what is not
plain ASCII is withheld; of a structured record only the event's name is kept, of an error its class and place.
"""

import json
import logging
import re
import threading
from typing import Any

WITHHELD = "*"
EVENT = re.compile(r"[A-Za-z_][\w. -]{0,79}", re.ASCII)
ESCAPED_OR_LONG_NUMBER = re.compile(r"\\[uU][0-9a-fA-F]{4}|\d{7,}")


def quiet_record(*given: Any, **named: Any) -> logging.LogRecord:
    """A log record that holds no words; takes what `logging.LogRecord` takes."""
    record = logging.LogRecord(*given, **named)
    record.msg, record.args = " ".join(filter(None, (_told(record), _fault(record)))), ()
    record.exc_info = record.exc_text = record.stack_info = None
    return record


def _told(record: logging.LogRecord) -> str:
    try:
        text = record.getMessage()
    except (TypeError, ValueError):
        return WITHHELD
    try:
        data = json.loads(text)
    except ValueError:
        return text if text.isascii() and not ESCAPED_OR_LONG_NUMBER.search(text) else WITHHELD
    if not isinstance(data, dict):
        return WITHHELD
    kinds = [one.get("exc_type") for one in data.get("exception") or () if isinstance(one, dict)]
    return " ".join(_name(one) for one in (data.get("event"), *kinds))


def _name(value: object) -> str:
    return value if isinstance(value, str) and EVENT.fullmatch(value) else WITHHELD


def _fault(record: logging.LogRecord) -> str:
    """Class and innermost place of an error; never its message, which may repeat what it was given."""
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    if error is None:
        return ""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    place = f" at {at.tb_frame.f_code.co_name}:{at.tb_lineno}" if at is not None else ""
    return f"{type(error).__name__}{place}"


def check_schema_once(remote_action: Any) -> None:  # noqa: ANN401 - Rasa's RemoteAction
    """Has what actions answer checked by one validator; Rasa makes one and checks its schema, 30 ms, for each answer."""
    from jsonschema.validators import validator_for  # noqa: PLC0415 - Rasa's environment only

    schema = remote_action.action_response_format_spec()
    kind = validator_for(schema)
    kind.check_schema(schema)
    validator = kind(schema)

    def checked(_self: object, result: object) -> bool:
        validator.validate(result)
        return True

    remote_action._validate_action_result = checked  # noqa: SLF001 - the place where Rasa checks


def main() -> None:
    """Runs `rasa` with this process's arguments."""
    import jieba  # noqa: PLC0415 - Rasa's environment only
    from rasa.__main__ import main as rasa  # noqa: PLC0415
    from rasa.core.actions.action import RemoteAction  # noqa: PLC0415

    # The first message would wait for it, seconds on a busy machine.
    threading.Thread(target=jieba.initialize, daemon=True).start()
    logging.setLogRecordFactory(quiet_record)
    check_schema_once(RemoteAction)
    rasa()


if __name__ == "__main__":
    main()
