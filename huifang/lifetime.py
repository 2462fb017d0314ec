"""Ties a child process's life to its parent's, so that a killed supervisor leaves nothing behind."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
SUPERVISED = "HUIFANG_SUPERVISED"


def end_with_parent() -> None:
    """Asks Linux to end this process when the supervisor dies; survives `exec`. Does nothing when unsupervised."""
    if SUPERVISED not in os.environ or sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(os.environ[SUPERVISED]):
        sys.exit(1)
