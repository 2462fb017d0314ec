"""Labels."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from assistant.desk.calendar.schemas import Frozen

Color = Literal["gray", "blue", "green", "amber", "red", "violet"]


class LabelIn(Frozen):
    name: str = Field(min_length=1, max_length=30)
    color: Color = "gray"


class Label(LabelIn):
    id: UUID


class LabelsIn(Frozen):
    label_ids: tuple[UUID, ...]
