"""Runs every test with the services that this machine offers and says at the end what was absent.

python3 -m tools.test_run [pytest arguments]
"""

import contextlib
import os
import subprocess
import sys

from tools import environments, model, services
from tools.bootstrap import prepare_test
from tools.locations import ROOT
from tools.progress import StepFailed, say

NO_TESTS_COLLECTED = 5


def main() -> int:
    absent: list[str] = []
    try:
        absent = prepare_test()
    except StepFailed as error:
        print(f"✗ {error}", file=sys.stderr, flush=True)
        return 1
    with contextlib.ExitStack() as stack:
        urls, not_started = services.start_all(stack)
        absent = sorted({*absent, *not_started})
        say(f"• Tests: absent here: {', '.join(absent) or 'nothing'}")
        code = _pytest({**os.environ, **urls}, absent)
    if absent and _in_ci():
        print(f"✗ Absent in CI: {', '.join(absent)}", file=sys.stderr, flush=True)
        return code or 1
    if absent:
        say(f"• Not tested here, because absent: {', '.join(absent)}")
    return code


def _pytest(env: dict[str, str], absent: list[str]) -> int:
    env |= {
        "HUIFANG_TEST_ABSENT": ",".join(absent),
        "HUIFANG_TEST_RASA_PYTHON": str(environments.RASA.interpreter),
        "HUIFANG_TEST_RASA_MODEL": str(model.location()),
        "PYTHONPATH": str(ROOT),
    }
    command = [str(environments.DEV.interpreter), "-m", "pytest", *sys.argv[1:]]
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


def _in_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
