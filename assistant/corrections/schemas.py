"""A correction, and whom it reached."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=500)]


class CorrectionIn(BaseModel):
    """What to tell everybody who received one revision of an entry."""

    model_config = ConfigDict(extra="forbid")

    entry_id: UUID
    revision: int = Field(ge=1)
    text: Text


class Corrected(BaseModel):
    """Whom a correction reached.

    Attributes:
        written: Conversations that it was written into.
        to_call: Patients who heard the answer on the telephone: each a case at the desk.
        left: Conversations that are still to be written to; send the same again.
    """

    written: int
    to_call: int
    left: int
