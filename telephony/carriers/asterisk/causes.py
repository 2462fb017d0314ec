"""What a call that nobody answered comes to: by the network's cause (ITU-T Q.850), else by what was heard before."""

from typing import Final

from telephony.carriers.asterisk.early_media import Heard

# Causes that say what is the matter; the network knows better than we hear.
EXACT: Final = {
    1: "invalid_number",  # unallocated number
    17: "busy",
    20: "unreachable",  # subscriber absent
    21: "rejected",
    22: "invalid_number",  # number changed
    27: "unreachable",  # destination out of order
    28: "invalid_number",  # incomplete number
}
# Causes that a network also gives after it has said the reason in words or tones.
GENERAL: Final = {
    16: "no_answer",  # normal clearing
    18: "no_answer",  # no user responding
    19: "no_answer",  # no answer
    31: "no_answer",  # normal, unspecified
    38: "unreachable",  # network out of order
    102: "no_answer",  # recovery on timer expiry
    127: "no_answer",  # interworking
}
# Everything else, congestion (34, 42) and temporary failure (41) among it, is the line's own trouble: another try.
TROUBLE: Final = "carrier_failed"
HEARD: Final[dict[Heard, str]] = {
    "busy": "busy",
    "congestion": TROUBLE,
    "vacant": "invalid_number",
    "switched_off": "unreachable",
    "suspended": "invalid_number",
    "voicemail": "voicemail",
    "no_answer": "no_answer",
    "rejected": "rejected",
}
STATUSES: Final = {"busy": "busy", "no_answer": "no-answer"}


def leaves_open(cause: int | None, heard: Heard | None) -> bool:
    """Whether an announcement would tell more than is known: no exact cause, and no tone that says enough."""
    return heard is None and (cause is None or cause in GENERAL)


def unanswered(cause: int | None, heard: Heard | None) -> tuple[str, str]:
    """Status and disposition of a call that was not answered.

    Args:
        cause: Q.850 cause of the end; None if it was not told.
        heard: What the early media were found to be.
    """
    disposition = EXACT.get(cause or 0) or (HEARD.get(heard) if heard else None) or GENERAL.get(cause or 0, TROUBLE)
    return STATUSES.get(disposition, "failed"), disposition
