"""Which sentences can be recorded, and the key that a recording is found by."""

import hashlib

from telephony.speech.synthesis import sentences


def recordable(text: str) -> list[str]:
    """The sentences of a text that hold no place for a name, a date or a number: those are said as they stand."""
    return [one for one in sentences(text) if "{" not in one and any(sign.isalnum() for sign in one)]


def content_key(sentence: str, voice: str) -> str:
    """The same sentence in the same voice; a changed word is another sentence."""
    return hashlib.sha256(f"recorded|{voice}|{sentence}".encode()).hexdigest()[:40]
