"""Tasks that campaigns call for beside the plans."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import Field

from core_api.plans.schemas import Frozen, Key


class CalledFor(Frozen):
    """A task that a campaign calls for beside the plans.

    Attributes:
        plan_key: One of MADE_BY_CAMPAIGNS.
        anchor_id: What it is about: a contract, a finished plan, a campaign; a patient has one such plan of it.
        occurrence: Which round; the same round is made once.
    """

    patient_id: UUID
    plan_key: Literal["storage_fee", "satisfaction_call", "call_list"]
    anchor_id: UUID
    occurrence: int = 1
    title: str = Field(min_length=1, max_length=80)
    questionnaire_key: Key
    due_on: date
    window_after_days: int = Field(default=30, ge=0, le=365)


class FinishedEpisode(Frozen):
    """A plan that has come to its end, or a patient with so many finished tasks (`rounds`)."""

    id: UUID
    patient_id: UUID
    rounds: int = 1
