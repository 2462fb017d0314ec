"""Sets up what a command needs, step by step; quick when nothing is missing.

python3 -m tools.bootstrap run|test|asterisk|sherpa|check|cli|rasa
"""

import argparse
import sys
import time

from tools import environments, model, system, web
from tools.progress import StepFailed, say


def prepare_run() -> None:
    system.ensure(system.FOR_RUNNING)
    environments.ensure(environments.MAIN)
    environments.ensure(environments.RASA)
    web.ensure_build()
    model.ensure()


def prepare_check() -> None:
    environments.ensure(environments.DEV)
    web.ensure_packages()


def prepare_test() -> list[str]:
    """Returns the names of the optional programs that stay absent."""
    system.ensure(system.FOR_RUNNING)
    absent = system.ensure(system.FOR_TESTS, optional=True)
    environments.ensure(environments.DEV)
    environments.ensure(environments.RASA)
    web.ensure_build()
    model.ensure()
    return absent


def prepare_asterisk() -> None:
    """For calls over a real exchange; the exchange itself is the site's."""
    system.ensure(system.FOR_RUNNING)
    environments.ensure(environments.DEV)


def prepare_sherpa() -> None:
    """For hearing with the real library, which `make` puts into a folder of its own."""
    environments.ensure(environments.DEV)


def prepare_cli() -> None:
    environments.ensure(environments.MAIN)


def prepare_rasa() -> None:
    environments.ensure(environments.RASA)
    model.ensure()


STEPS = {
    "run": prepare_run,
    "asterisk": prepare_asterisk,
    "sherpa": prepare_sherpa,
    "check": prepare_check,
    "test": prepare_test,
    "cli": prepare_cli,
    "rasa": prepare_rasa,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bootstrap", description="Sets up what a command needs.")
    parser.add_argument("command", choices=sorted(STEPS))
    started = time.monotonic()
    command = parser.parse_args().command
    try:
        STEPS[command]()
    except StepFailed as error:
        print(f"✗ {error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr, flush=True)
        return 130
    say(f"✓ Ready in {time.monotonic() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
