"""X-Twilio-Signature from the carrier's side, written after the protocol, not with the library that checks it."""

import base64
import hashlib
import hmac
from collections.abc import Mapping


def sign(token: str, url: str, form: Mapping[str, str]) -> str:
    """base64(HMAC-SHA1(token, URL + names and values sorted by name))."""
    text = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()
