"""`python -m huifang`."""

import os

# loguru's own handler shows the values of variables beside an error, and pipecat's banner at import.
os.environ.setdefault("LOGURU_AUTOINIT", "False")
os.environ.setdefault("TYPER_USE_RICH", "False")

from huifang.cli import main

main()
