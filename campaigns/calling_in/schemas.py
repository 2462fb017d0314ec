"""What a caller is offered."""

from datetime import date

from pydantic import BaseModel, ConfigDict


class DueFollowUp(BaseModel):
    """A follow-up that the patient has not done."""

    model_config = ConfigDict(frozen=True)

    title: str
    due_on: date | None
