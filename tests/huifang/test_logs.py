"""Personal data in an exception, an argument or a library's own text never reaches the output of a process."""

import logging
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from huifang.logs import SafeFormatter

pytestmark = pytest.mark.unit

NAME, PHONE = "王小明", "13800138000"
SECRET = f"{NAME} {PHONE}"
ROOT = Path(__file__).resolve().parents[2]

# Each fails in a way of its own, with the secret in its message.
FAULTS = {
    "a logged exception": """
try:
    raise ValueError(SECRET)
except ValueError:
    logging.getLogger("anyone").exception("it failed")
""",
    "an uncaught exception": "raise ValueError(SECRET)",
    "a thread": """
import threading
def work(): raise ValueError(SECRET)
thread = threading.Thread(target=work); thread.start(); thread.join()
""",
    "a task of an event loop that nobody awaits": """
import asyncio, gc
async def work(): raise ValueError(SECRET)
async def main():
    task = asyncio.ensure_future(work())
    await asyncio.sleep(0)
    del task
    gc.collect()
    await asyncio.sleep(0.05)
asyncio.run(main())
""",
    "a destructor": """
class Leaky:
    def __del__(self): raise ValueError(SECRET)
leaky = Leaky(); del leaky
""",
    "a warning": "import warnings; warnings.warn(SECRET)",
    "a Celery task": """
import time
from campaigns import api as campaigns
from huifang import background
background.setup_logging.connect(background._keep_our_logging)
app = campaigns.make_celery("memory://")
@app.task(name="fails")
def fails(word): raise ValueError(SECRET + word)
running = campaigns.start_in_process(app, 1)
app.send_task("fails", args=(SECRET,))
time.sleep(3)
running.stop()
""",
    "an endpoint": """
import asyncio, socket, threading, time, urllib.request, uvicorn
from fastapi import FastAPI
app = FastAPI()
@app.get("/")
def fails(): raise ValueError(SECRET)
door = socket.create_server(("127.0.0.1", 0))
server = uvicorn.Server(uvicorn.Config(app, log_config=None))
thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[door]))); thread.start()
while not server.started: time.sleep(0.05)
try: urllib.request.urlopen("http://127.0.0.1:%d/?q=13800138000" % door.getsockname()[1])
except OSError: pass
server.should_exit = True; thread.join()
""",
}
PRELUDE = f"""
import logging
from huifang import logs
logs.configure("DEBUG")
SECRET = {SECRET!r}
"""


class TestOutputOfAProcess:
    @pytest.mark.parametrize("fault", FAULTS)
    def test_holds_no_personal_data_of(self, fault: str, tmp_path: Path) -> None:
        program = tmp_path / "program.py"
        program.write_text(PRELUDE + FAULTS[fault], encoding="utf-8")
        done = subprocess.run(
            [sys.executable, program],
            cwd=ROOT,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        output = done.stdout + done.stderr
        assert NAME not in output
        assert PHONE not in output
        if fault != "a warning":
            assert "ValueError" in output


class TestSafeFormatter:
    def test_keeps_static_text_and_ids(self) -> None:
        call_id = uuid4()
        line = _line("call session failed", extra={"call_id": call_id, "seq": 12, "task": "campaigns.sweep"})
        assert line.endswith(f"call session failed call_id={call_id} seq=12 task=campaigns.sweep")

    def test_keeps_numbers_and_classes_of_arguments(self) -> None:
        assert _line("lost %d of %s", 3, ValueError(SECRET)).endswith("lost * of * [3 ValueError]")

    def test_withholds_words_given_as_arguments_or_fields(self) -> None:
        line = _line("heard %s", SECRET, extra={"text": SECRET, "phone": PHONE, "number": int(PHONE)})
        assert NAME not in line
        assert PHONE not in line
        assert line.endswith("heard * [*] text=* phone=* number=*")

    def test_withholds_text_made_while_running(self) -> None:
        line = _line("".join(["heard ", SECRET]))
        assert "* (test_logs:" in line
        assert NAME not in line

    def test_withholds_an_exception_given_as_the_message(self) -> None:
        assert NAME not in _line(ValueError(SECRET))


def _line(message: object, *arguments: object, extra: dict[str, object] | None = None) -> str:
    """The line that a call of a logger in this file comes to."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(SafeFormatter().format(record))

    logger = logging.getLogger("tests.keeper")
    handler = Keep()
    logger.addHandler(handler)
    try:
        logger.error(message, *arguments, extra=extra)
    finally:
        logger.removeHandler(handler)
    return lines[0]
