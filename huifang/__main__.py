"""`python -m huifang`."""

from loguru import logger

logger.disable("pipecat")  # its banner at import

from huifang.cli import main  # noqa: E402 - after the banner is silenced

main()
