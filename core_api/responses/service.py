"""The verbs on responses and rechecks that other slices and packages use."""

from core_api.responses.answering import (
    answer_history,
    answers,
    finish,
    latest_values,
    of_patient,
    open_response,
    questionnaire_of,
    record_answer,
)
from core_api.responses.rechecks import count_open, list_rechecks, resolve_recheck

__all__ = [
    "answer_history",
    "answers",
    "count_open",
    "finish",
    "latest_values",
    "list_rechecks",
    "of_patient",
    "open_response",
    "questionnaire_of",
    "record_answer",
    "resolve_recheck",
]
