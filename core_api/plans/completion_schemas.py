"""What staff send to complete a task by hand, and what they get."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from core_api.plans.schemas import Frozen, TaskView
from core_api.questionnaires.schemas import AlertHit, Questionnaire
from core_api.responses.schemas import AnswerView, StaffAnswer


class CompleteIn(Frozen):
    """How staff found the answers, and which."""

    way: Literal["phone", "outside_report", "visit"]
    answers: tuple[StaffAnswer, ...] = Field(default=(), max_length=200)
    note: str = Field(default="", max_length=500)


class CompletedTask(Frozen):
    task: TaskView
    response_id: UUID
    alert_hits: tuple[AlertHit, ...]


class TaskForm(Frozen):
    """A task's questionnaire as staff fill it in, with the answers there are."""

    task: TaskView
    questionnaire: Questionnaire
    answers: tuple[AnswerView, ...]
