"""Whether something answers over HTTP; light, for the supervisor and the command line."""

import urllib.error
import urllib.request

TIMEOUT_SECONDS = 1.0
SERVER_ERROR = 500


def responds(url: str) -> bool:
    """Whether something serves there without an error of its own."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS):  # noqa: S310 - the configured address
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return error.code < SERVER_ERROR
    except OSError:
        return False
