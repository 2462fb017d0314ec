"""What understanding returns."""

from datetime import date

from pydantic import BaseModel, ConfigDict


class Reading(BaseModel):
    """A value read from words.

    Attributes:
        value: In the item's own type.
        confidence: 0..1; below CONFIRM_BELOW the patient is asked to confirm.
        words: What was said.
    """

    model_config = ConfigDict(frozen=True)

    value: bool | int | float | date | tuple[str, ...] | str
    confidence: float
    words: str


CONFIRM_BELOW = 0.6
