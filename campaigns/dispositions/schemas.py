"""A disposition as the rules read it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

RetryKind = Literal["no_answer", "unfinished", "callback", "again", "none"]

FollowUpStatus = Literal["done", "in_progress", "unreachable", "cancelled"]


class DispositionView(BaseModel):
    """What one outcome means.

    Attributes:
        key: Stable name.
        label: Chinese, for people.
        position: Order in lists.
        reached: Somebody was spoken to.
        retry: Which count of tries it adds to; "again" counts as no try, "none" is final.
        delay_minutes: Distance to the next try.
        attempts_limit: So many outcomes of this retry kind, then the list for people.
        task_status: What a final outcome sets the task to; None leaves it.
        to_people: A final outcome goes to the list for people.
        do_not_contact: The patient wants no more calls.
        deceased: The patient is reported dead.
        wrong_number: The number is not the patient's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)

    key: str = Field(pattern=r"^[a-z][a-z_]{0,31}$")
    label: str = Field(min_length=1, max_length=40)
    position: int = 0
    reached: bool
    retry: RetryKind = "none"
    delay_minutes: int = Field(default=0, ge=0, le=14 * 24 * 60)
    attempts_limit: int = Field(default=1, ge=1, le=20)
    task_status: FollowUpStatus | None = None
    to_people: bool = False
    do_not_contact: bool = False
    deceased: bool = False
    wrong_number: bool = False

    @property
    def counts(self) -> bool:
        """Whether it was a try; else nobody was dialled."""
        return self.retry != "again"

    @property
    def final(self) -> bool:
        """No further try follows."""
        return self.retry == "none"

    @model_validator(mode="after")
    def _retry_has_distance(self) -> "DispositionView":
        if self.retry in {"no_answer", "unfinished", "again"} and self.delay_minutes == 0:
            raise ValueError("delay_minutes: a retry needs a distance")
        return self
